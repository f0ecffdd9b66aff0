// The reference studies nearest to the open case: by image, by report, and by both at this beta.
const B = window.BetaLens;
const STILL_MS = 350; // beta and case stand still for so long before the server is asked
const body = B.el("div", { class: "bl-neighbours-body" });
const panel = B.el("section", { class: "bl-panel bl-neighbours", hidden: true },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "neighbours.title"), B.phrase("span", "neighbours.help", { class: "bl-muted" })), body);
element.replaceChildren(panel);

let found = null, opened = null;
const ask = B.settled(() => opened && trigger("ask", { ticket: opened.ticket, beta: B.beta }), STILL_MS);

const card = (near) => {
  const [film, labels, id, words] = B.Cards.parts(near);
  id.textContent = `${near.id} · ${B.t("neighbours.distance", { distance: B.number(near.distance) })}`;
  return B.el("button", { type: "button", class: "bl-neighbour", "data-study": near.id, title: B.t("neighbours.open", { study: near.id }), onclick: () => {
    B.emit("opening");
    trigger("select", { index: 0, value: near.id });
  } }, film, labels, id, words);
};
const row = ({ space, near }) => {
  const both = found.modalities.length === 2;
  const name = space !== "fused" ? B.t(`neighbours.by.${space}`) : both ? B.t("neighbours.by.fused", { beta: B.number(found.beta) }) : B.t("neighbours.by.fused_one");
  const missing = near === null ? `neighbours.no.${space}` : "neighbours.none";
  return B.el("div", { class: "bl-neighbours-row", "data-space": space }, B.el("span", { class: "bl-muted", text: name }),
    ...(near && near.length ? near.map(card) : [B.phrase("p", missing, { class: "bl-muted" })]));
};
const draw = () => {
  panel.hidden = !opened;
  if (!found) return body.replaceChildren(B.phrase("p", "neighbours.waiting", { class: "bl-muted bl-lab-note" }));
  if (found.progress) return body.replaceChildren(B.el("p", { class: "bl-muted bl-lab-note", role: "status", text: B.t("neighbours.encoding", found.progress) }));
  if (found.error) return body.replaceChildren(B.el("p", { class: "bl-muted bl-lab-note", text: found.error }));
  body.replaceChildren(...found.spaces.map(row));
};
watch("value", () => {
  const answer = props.value && JSON.parse(props.value);
  if (!answer || !opened || (answer.ticket !== opened.ticket && !answer.progress)) return;
  found = answer;
  element.dataset.case = answer.progress || answer.error ? "" : opened.case;
  draw();
});
B.on("explained", (now) => {
  const same = opened && opened.case === now.case && opened.changes.length === now.changes.length;
  opened = now;
  if (same) found = found && { ...found, ticket: now.ticket };
  else found = null;
  draw();
  if (!same || !found) ask();
});
B.on("veiled", () => {
  opened = found = null;
  draw();
});
B.on("beta", () => opened && opened.modalities.length === 2 && ask());
B.on("language", draw);
draw();
