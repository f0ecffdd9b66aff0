// What a fine-tuning learnt, the figures before and after, and what became of the version.
const B = window.BetaLens;
const COLUMNS = ["figure", "before", "after", "change", "interval"];
const said = B.el("p", { class: "bl-lab-note", role: "status" });
const learnt = B.el("p", { class: "bl-muted bl-lab-note" });
const body = B.el("tbody");
const table = B.el("table", { class: "bl-table bl-num" },
  B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((name) => B.phrase("th", `finetune.column.${name}`, { scope: "col" })))), body);
const untaught = B.el("details", { class: "bl-untaught", hidden: true });
element.replaceChildren(said, learnt, untaught, B.el("div", { class: "bl-scroll" }, table));

const plain = (value) => B.figure(value, (known) => B.number(known, 4));
const nameOf = ({ name }) => {
  const [kind, of] = name.split("|");
  if (kind === "auroc" || kind === "ece") return of ? `${B.t(`finetune.row.${kind}`)}, ${of.startsWith("β") ? of : B.findingName(of)}` : B.t("finetune.row.macro");
  return kind === "as_corrected" ? B.t(`finetune.row.${kind}_${of}`) : B.t(`trust.short.${kind}`);
};
const cells = (row) => {
  const known = row.before !== null && row.after !== null;
  return [plain(row.before), plain(row.after), B.figure(known ? row.after - row.before : null, (change) => B.signed(change, 4)),
    row.low === null ? (row.paired && known ? B.t("lab.no_interval") : "") : `${B.signed(row.low, 4)} … ${B.signed(row.high, 4)}`];
};
const draw = () => {
  const value = props.value ? JSON.parse(props.value) : null;
  const done = value && !value.error;
  table.hidden = learnt.hidden = !done;
  untaught.hidden = !done || !(value.untaught.length + value.unknown_findings.length);
  const became = done && (value.promoted ? "finetune.promoted" : value.gate.decided ? "finetune.kept" : "finetune.undecided");
  said.textContent = !value ? "" : value.error || B.t(became,
    { version: value.version, worse: value.worse.map((name) => (name === "macro" ? B.t("finetune.row.macro") : B.findingName(name))).join(", ") });
  if (!done) return;
  const { patients, detectable } = value.gate;
  const power = detectable === null ? B.t("finetune.unmeasured") : B.t("finetune.gate", { patients, loss: B.number(detectable, 3) });
  learnt.textContent = B.t("finetune.learnt", { studies: value.learnt.studies, changed: value.learnt.labels_changed, replay: value.learnt.replay, others: value.learnt.not_learnt }) + ` ${power}`;
  untaught.replaceChildren(B.phrase("summary", "finetune.untaught"), B.el("ul", {}, ...value.untaught.map((study) => B.el("li", {},
    B.el("b", { text: study.study_id }), ` ${B.t(`finetune.untaught.${study.why}`)}`, study.may_be ? ` ${B.t("finetune.untaught.may_be", { study: study.may_be })}` : "")),
  ...value.unknown_findings.map((finding) => B.el("li", {}, B.el("b", { text: finding }), ` ${B.t("finetune.untaught.unknown")}`))));
  body.replaceChildren(...value.rows.map((row) => B.el("tr", {}, B.el("th", { scope: "row", text: nameOf(row) }),
    ...cells(row).map((text) => B.el("td", { text })))));
};
watch("value", draw);
B.on("language", draw);
draw();
