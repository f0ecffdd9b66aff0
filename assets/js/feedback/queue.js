// The studies most worth a look, each with its reasons; in blind mode without them, as they say what the model thinks.
const B = window.BetaLens;
const list = B.el("div", { class: "bl-queue-list" });
const none = B.phrase("p", "queue.waiting", { class: "bl-muted bl-lab-note" });
const count = B.el("span", { class: "bl-muted bl-num" });
element.replaceChildren(B.el("section", { class: "bl-panel bl-queue" },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "queue.title"), count), B.phrase("p", "queue.note", { class: "bl-muted bl-lab-note" }), none, list));

const open = (study, index) => {
  B.emit("opening");
  B.emit("use-queue");
  trigger("select", { index, value: study });
};
let drawn = "";
const draw = () => {
  if (!props.value) return;
  const { studies = [], total = 0, error } = JSON.parse(props.value);
  none.hidden = studies.length > 0;
  none.textContent = error || B.t("queue.none");
  count.textContent = studies.length ? B.t("cases.count", { shown: studies.length, all: total }) : "";
  const now = JSON.stringify([studies, B.blind, B.language]);
  if (now === drawn) return; // a study that is being clicked must stay until the button is let go
  drawn = now;
  list.replaceChildren(...studies.map((study, index) => B.el("button", { type: "button", class: "bl-queued", "data-study": study.id, onclick: () => open(study.id, index) },
    study.thumb ? B.el("img", { src: study.thumb, alt: "", loading: "lazy" }) : B.el("span", { class: "bl-case-blank bl-muted" }),
    B.el("span", { class: "bl-queued-why" }, B.el("b", { text: study.id }), B.el("span", { class: "bl-muted", text: ` ${B.t(`lab.split.${study.split}`)}` }),
      ...(B.blind ? [B.t("queue.blind")] : study.reasons.map(B.reason)).map((line) => B.el("span", { text: line }))))));
};
watch("value", draw);
for (const name of ["language", "blind"]) B.on(name, draw);
draw();
