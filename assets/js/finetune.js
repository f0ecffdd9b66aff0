// What a fine-tuning learnt, the figures before and after, and what became of the version.
const B = window.BetaLens;
const COLUMNS = ["figure", "before", "after", "change", "interval"];
const said = B.el("p", { class: "bl-lab-note", role: "status" });
const learnt = B.el("p", { class: "bl-muted bl-lab-note" });
const body = B.el("tbody");
const table = B.el("table", { class: "bl-table bl-num" },
  B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((name) => B.phrase("th", `finetune.column.${name}`, { scope: "col" })))), body);
element.replaceChildren(said, learnt, B.el("div", { class: "bl-scroll" }, table));

const plain = (value) => (value === null ? "–" : B.number(value, 4));
const nameOf = ({ name }) => {
  const [kind, of] = name.split("|");
  if (kind === "auroc" || kind === "ece") return of ? `${B.t(`finetune.row.${kind}`)}, ${of.startsWith("β") ? of : B.findingName(of)}` : B.t("finetune.row.macro");
  return kind === "as_corrected" ? B.t(`finetune.row.${kind}_${of}`) : B.t(`trust.short.${kind}`);
};
const cells = (row) => {
  const known = row.before !== null && row.after !== null;
  return [plain(row.before), plain(row.after), known ? B.signed(row.after - row.before, 4) : "–",
    row.low === null ? "" : `${B.signed(row.low, 4)} … ${B.signed(row.high, 4)}`];
};
const draw = () => {
  const value = props.value ? JSON.parse(props.value) : null;
  const done = value && !value.error;
  table.hidden = learnt.hidden = !done;
  said.textContent = !value ? "" : value.error || B.t(value.promoted ? "finetune.promoted" : "finetune.kept",
    { version: value.version, worse: value.worse.map((name) => (name === "macro" ? B.t("finetune.row.macro") : B.findingName(name))).join(", ") });
  if (!done) return;
  learnt.textContent = B.t("finetune.learnt", { studies: value.learnt.studies, changed: value.learnt.labels_changed, replay: value.learnt.replay, others: value.learnt.not_learnt });
  body.replaceChildren(...value.rows.map((row) => B.el("tr", {}, B.el("th", { scope: "row", text: nameOf(row) }),
    ...cells(row).map((text) => B.el("td", { text })))));
};
watch("value", draw);
B.on("language", draw);
draw();
