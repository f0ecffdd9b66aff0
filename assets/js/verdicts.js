// The newest verdicts, as text and nothing else.
const B = window.BetaLens;
const COLUMNS = ["time", "reviewer", "study", "verdict", "corrected", "evidence", "beta", "comment"];
const counts = B.el("div", { class: "bl-counts" });
const body = B.el("tbody");
const table = B.el("table", { class: "bl-table" },
  B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((name) => B.phrase("th", `feedback.column.${name}`, { scope: "col" })))), body);
const none = B.el("p", { class: "bl-empty" });
element.replaceChildren(B.el("section", { class: "bl-panel bl-verdicts" },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "feedback.title"), counts), B.el("div", { class: "bl-scroll" }, table), none));

const cell = {
  time: (row) => row.time.replace("T", " ").replace("Z", ""),
  verdict: (row) => B.t(`verdict.${row.verdict}`),
  corrected: (row) => row.corrected.map(B.findingName).join(", "),
  evidence: (row) => B.t(`evidence.${row.evidence}`),
  beta: (row) => B.number(row.beta),
};
const draw = () => {
  const { rows, counts: tally, total, error } = JSON.parse(props.value);
  counts.replaceChildren(...(total ? [B.el("span", { class: "bl-muted bl-num", text: B.t("feedback.total", { n: total }) }),
    ...Object.entries(tally).map(([verdict, n]) => B.el("span", { class: `bl-count bl-count-${verdict} bl-num`, text: `${B.t(`verdict.${verdict}`)} ${n}` }))] : []));
  table.hidden = !rows.length;
  none.hidden = rows.length > 0;
  none.textContent = error || B.t("feedback.empty");
  body.replaceChildren(...rows.map((row) => B.el("tr", {}, ...COLUMNS.map((name) =>
    B.el("td", { class: ["time", "beta"].includes(name) ? "bl-num" : null, text: cell[name] ? cell[name](row) : row[name] })))));
};
watch("value", draw);
B.on("language", draw);
draw();
