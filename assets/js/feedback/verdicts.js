// The verdicts that pass the filters, as text and nothing else; the server filters, as it has them all.
const B = window.BetaLens;
const COLUMNS = ["time", "reviewer", "study", "verdict", "corrected", "evidence", "beta", "model", "comment"];
const FILTERS = ["reviewer", "finding", "verdict", "model"], ORDERS = ["disagreements", "newest"];
const name = {
  reviewer: (value) => value, finding: B.findingName, model: (value) => value.slice(0, 8), verdict: (value) => B.t(`verdict.${value}`),
};
const select = (key, id) => B.el("select", { class: "bl-select bl-compact", id: `bl-feedback-${id}`, "data-i18n-label": key, "aria-label": B.t(key), onchange: () => ask() });
const selects = Object.fromEntries(FILTERS.map((field) => [field, select(`feedback.filter.${field}`, field)]));
const order = select("feedback.order", "order");
const text = B.el("input", { type: "search", class: "bl-input bl-compact", id: "bl-feedback-text", maxlength: 200, oninput: () => askSoon() });
const counts = B.el("div", { class: "bl-counts" });
const exports = ["csv", "finetune"].map((what) => B.phrase("button", what === "csv" ? "feedback.download" : "feedback.finetune", { type: "button", class: "bl-toggle", "data-what": what, onclick: () => trigger("download", { what }) }));
const body = B.el("tbody");
const table = B.el("table", { class: "bl-table" },
  B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((column) => B.phrase("th", `feedback.column.${column}`, { scope: "col" })))), body);
const none = B.el("p", { class: "bl-empty" });
const note = B.el("span", { class: "bl-muted bl-num", role: "status" });
const bar = B.el("div", { class: "bl-feedback-filters", role: "search" }, ...Object.values(selects), text, order, note);
element.replaceChildren(B.el("section", { class: "bl-panel bl-verdicts" },
  B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "feedback.title"), counts, B.el("span", { class: "bl-push bl-feedback-exports" }, ...exports)),
  bar, B.el("div", { class: "bl-scroll", tabindex: 0 }, table), none));

let waiting = 0, asked = 0;
const ask = () => {
  clearTimeout(waiting);
  trigger("filter", { ...Object.fromEntries(FILTERS.map((field) => [field, selects[field].value])), text: text.value, order: order.value, asked: ++asked });
};
const askSoon = () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 250);
};

const cell = {
  time: (row) => row.time.replace("T", " ").replace("Z", ""),
  reviewer: (row) => row.reviewer || "–",
  corrected: (row) => (row.verdict === "disagree" ? row.corrected.map(B.findingName).join(", ") || B.t("cases.none") : ""),
  evidence: (row) => [row.evidence === "neither" ? "" : B.t(`evidence.${row.evidence}`), row.marks ? B.t("feedback.marks", { n: row.marks }) : ""].filter(Boolean).join(" · "),
  beta: (row) => B.number(row.beta),
};
const verdictCell = (row) => B.el("td", {}, B.el("b", { class: `bl-count-${row.verdict}`, text: B.t(`verdict.${row.verdict}`) }),
  row.blind ? B.el("span", { class: "bl-chip", text: B.t("feedback.blind") }) : null, row.conflict ? B.el("span", { class: "bl-chip bl-conflict", text: B.t("feedback.conflict") }) : null);
const studyCell = (row, index) => B.el("td", {}, B.el("button", {
  type: "button", class: "bl-link", text: row.study || "–", "aria-label": B.t("feedback.open", { study: row.study }), onclick: () => trigger("select", { index, value: row.id }),
}));

const fill = (field, options, chosen) => {
  selects[field].replaceChildren(B.phrase("option", `feedback.any.${field}`, { value: "" }), ...options.map((value) => B.el("option", { value, text: name[field](value) })));
  selects[field].value = options.includes(chosen) ? chosen : "";
};
let drawn = "";
const draw = () => {
  const { rows, counts: tally, total, matching, choices, filters, error } = JSON.parse(props.value);
  if (filters && filters.asked < asked) return; // what was chosen since is on its way
  counts.replaceChildren(...(total ? [B.el("span", { class: "bl-muted bl-num", text: B.t("feedback.total", { n: total }) }),
    ...Object.entries(tally).map(([verdict, n]) => B.el("span", { class: `bl-count bl-count-${verdict} bl-num`, text: `${B.t(`verdict.${verdict}`)} ${n}` }))] : []));
  if (choices) for (const field of FILTERS) fill(field, choices[field], filters[field]);
  order.replaceChildren(...ORDERS.map((value) => B.phrase("option", `feedback.order.${value}`, { value })));
  if (filters) order.value = filters.order;
  text.placeholder = B.t("feedback.filter.text");
  text.setAttribute("aria-label", text.placeholder);
  bar.hidden = !choices;
  for (const button of exports) button.disabled = !choices;
  note.textContent = choices ? B.t("feedback.shown", { shown: rows.length, n: matching }) : "";
  table.hidden = !rows.length;
  none.hidden = rows.length > 0;
  none.textContent = error || B.t(total ? "feedback.none" : "feedback.empty");
  const now = JSON.stringify(rows);
  if (now === drawn) return; // a row that is being clicked must stay until the button is let go
  drawn = now;
  body.replaceChildren(...rows.map((row, index) => B.el("tr", { "data-flag": row.id }, ...COLUMNS.map((column) => (column === "verdict" ? verdictCell(row) : column === "study" ? studyCell(row, index)
    : B.el("td", { class: ["time", "beta", "model"].includes(column) ? "bl-num" : null, text: cell[column] ? cell[column](row) : row[column] }))))));
};
watch("value", draw);
B.on("language", () => {
  drawn = "";
  draw();
});
draw();
