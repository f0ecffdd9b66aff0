// Thumbnails of the reference studies to open, narrowed by finding and by discordance, or queued by what is most worth a
// look; or, when another case asks for a report, to take it from. In blind mode nothing here says what a study has.
const B = window.BetaLens;
const list = B.el("div", { class: "bl-case-list", role: "listbox", "data-i18n-label": "cases.label", "aria-label": B.t("cases.label") });
const finding = B.el("select", { class: "bl-select", "data-i18n-label": "cases.finding", "aria-label": B.t("cases.finding"), onchange: () => ask() });
const pressed = (button) => button.getAttribute("aria-pressed") === "true";
const toggle = (key, cls) => {
  const button = B.phrase("button", key, { type: "button", class: `bl-toggle ${cls}`, "aria-pressed": "false", onclick: () => {
    button.setAttribute("aria-pressed", String(!pressed(button)));
    ask();
  } });
  return button;
};
const discordant = toggle("cases.discordant", "bl-only-discordant"), queue = toggle("cases.queue", "bl-only-queue");
const count = B.el("span", { class: "bl-muted bl-num" });
const hint = B.el("p", { class: "bl-pick-hint", role: "status", hidden: true }, B.phrase("span", "swap.hint"), " ",
  B.phrase("button", "swap.cancel", { type: "button", class: "bl-toggle", onclick: () => B.emit("pick", false) }));
const panel = B.el("section", { class: "bl-panel bl-cases" },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "cases.title"), count), hint,
  B.el("div", { class: "bl-case-filter" }, finding, discordant, queue), list);
element.replaceChildren(panel);

let current = null;
let picking = false;
B.on("pick", (on) => {
  picking = on;
  hint.hidden = !on;
  panel.classList.toggle("bl-picking", on);
});
document.addEventListener("keydown", (event) => event.key === "Escape" && picking && B.emit("pick", false));
const ask = () => trigger("filter", { finding: finding.value, discordant: pressed(discordant), queue: pressed(queue) });
B.on("use-queue", () => pressed(queue) || queue.click());
let blind = false;
B.on("blind", (on) => {
  if (on === blind) return;
  blind = on;
  draw();
});
// The card after the open one; from a case that is not on the list, its first.
B.on("next-case", () => {
  const cards = [...list.children], next = cards[cards.findIndex((card) => card.dataset.study === current) + 1];
  if (next) next.click(), next.scrollIntoView({ block: "nearest" });
  else B.emit("no-next");
});
const open = (study, index) => {
  B.emit("opening");
  if (picking) {
    B.emit("pick", false);
    trigger("pick", { value: study });
    return;
  }
  mark(study);
  trigger("select", { index, value: study });
};
const mark = (study) => {
  current = study;
  for (const card of list.children) card.setAttribute("aria-selected", String(card.dataset.study === study));
};

const draw = () => {
  if (!props.value) return;
  const shelf = JSON.parse(props.value);
  const chosen = finding.value;
  finding.replaceChildren(B.phrase("option", "cases.any", { value: "" }),
    ...shelf.findings.map((name) => B.el("option", { value: name, text: B.findingName(name) })));
  finding.value = shelf.finding ?? chosen;
  finding.hidden = blind || Boolean(shelf.queue);
  discordant.hidden = blind || Boolean(shelf.queue) || !shelf.has_discordant;
  queue.setAttribute("aria-pressed", String(Boolean(shelf.queue)));
  count.textContent = B.t("cases.count", { shown: shelf.studies.length, all: shelf.total });
  list.replaceChildren(...shelf.studies.map((study, index) => {
    const labels = study.labels.map(B.findingName).join(", ") || B.t("cases.none");
    const named = blind ? study.id : shelf.queue ? B.t(`queue.short.${study.reasons[0].kind}`) : labels;
    const why = blind || !shelf.queue ? [] : study.reasons.map(B.reason);
    return B.el("button", {
      type: "button", role: "option", class: "bl-case", "data-study": study.id, "aria-selected": String(study.id === current),
      title: [study.id, ...(blind ? [] : [labels]), ...why].join(" · "), onclick: () => open(study.id, index),
    },
    study.thumb ? B.el("img", { src: study.thumb, alt: "", loading: "lazy" }) : B.phrase("span", "cases.no_film", { class: "bl-case-blank bl-muted" }),
    B.el("span", { class: "bl-case-name", text: named }),
    study.discordant && !blind ? B.el("span", { class: "bl-case-flag", text: "≠", title: B.t("cases.discordant") }) : null);
  }));
};
watch("value", draw);
B.on("language", draw);
B.on("opened", (now) => mark(now.case));
draw();
