// Metrics over beta on the validation split, with a rule at the beta of the page.
const B = window.BetaLens;
const plots = { auroc: B.el("div", { class: "bl-plot" }), ece: B.el("div", { class: "bl-plot" }) };
const finding = B.el("select", { class: "bl-select", id: "bl-lab-finding", onchange: () => draw() });
const note = B.el("p", { class: "bl-muted bl-lab-note" });
const body = B.el("tbody");
const at = B.el("span", { class: "bl-num bl-muted" });
const panel = (key, ...children) => B.el("section", { class: "bl-panel bl-lab-panel" }, B.el("header", { class: "bl-panel-head" }, B.phrase("h3", key)), ...children);
const table = B.el("table", { class: "bl-table bl-num" },
  B.el("thead", {}, B.el("tr", {}, ...["finding", "auroc", "best", "best_auroc"].map((name) => B.phrase("th", `lab.column.${name}`, { scope: "col" })))), body);
const tablePanel = panel("lab.table", B.el("div", { class: "bl-scroll" }, table));
tablePanel.firstChild.append(at);
const content = B.el("div", { class: "bl-lab", hidden: true },
  B.el("div", { class: "bl-lab-head" }, B.phrase("label", "lab.finding", { for: "bl-lab-finding" }), finding, note),
  panel("lab.auroc", plots.auroc), tablePanel, panel("lab.ece", plots.ece));
const waiting = B.phrase("p", "lab.waiting", { class: "bl-empty" });
element.replaceChildren(waiting, content);

let lab = null;
const nearest = () => lab.betas.reduce((best, beta, i) => (Math.abs(beta - B.beta) < Math.abs(lab.betas[best] - B.beta) ? i : best), 0);
const line = (y, name, color, width = 2) => ({ x: lab.betas, y, name, mode: "lines", line: { color, width }, hovertemplate: `β %{x:.2f} · %{y:.3f}<extra>${name}</extra>` });
const rule = () => [{ type: "line", x0: B.beta, x1: B.beta, y0: 0, y1: 1, yref: "paper", line: { color: B.colour("text"), width: 1, dash: "dot" } }];

const draw = async () => {
  if (!lab || !lab.betas) return;
  const Plotly = await B.plotly(lab.plotly);
  const chosen = finding.value;
  const others = Object.entries(lab.per_finding).filter(([name]) => name !== chosen).map(([name, { auroc }]) => line(auroc, B.findingName(name), B.colour("edge"), 1));
  const main = chosen ? line(lab.per_finding[chosen].auroc, B.findingName(chosen), B.colour("accent"), 3) : line(lab.macro_auroc, B.t("lab.macro"), B.colour("accent"), 3);
  const axis = { title: { text: "β", standoff: 6 }, range: [0, 1] };
  Plotly.react(plots.auroc, [...others, main], B.plotLayout({ xaxis: axis, shapes: rule() }), B.plotConfig);
  Plotly.react(plots.ece, [line(lab.ece, "ECE", B.colour("report"), 3)], B.plotLayout({ xaxis: axis, yaxis: { rangemode: "tozero" }, shapes: rule() }), B.plotConfig);
  note.textContent = B.t("lab.note", { n: lab.n });
  fill();
};
const fill = () => {
  const now = nearest();
  at.textContent = `β = ${B.number(lab.betas[now])}`;
  const show = (value) => (value === null ? "–" : B.number(value, 3));
  const row = (label, auroc, macro) => {
    const best = auroc.reduce((top, value, i) => (value !== null && (auroc[top] === null || value > auroc[top]) ? i : top), 0);
    return B.el("tr", { class: macro ? "bl-total" : null }, B.el("th", { scope: "row", text: label }), B.el("td", { text: show(auroc[now]) }),
      B.el("td", { text: auroc[best] === null ? "–" : B.number(lab.betas[best]) }), B.el("td", { text: show(auroc[best]) }));
  };
  body.replaceChildren(row(B.t("lab.macro"), lab.macro_auroc, true), ...Object.entries(lab.per_finding).map(([name, { auroc }]) => row(B.findingName(name), auroc)));
};
const load = () => {
  lab = JSON.parse(props.value);
  content.hidden = !lab.betas;
  waiting.hidden = Boolean(lab.betas);
  if (!lab.betas) {
    waiting.textContent = lab.error ? `${B.t("lab.none")} ${lab.error}` : B.t("lab.waiting");
    return;
  }
  const chosen = finding.value;
  finding.replaceChildren(B.phrase("option", "lab.macro", { value: "" }), ...Object.keys(lab.per_finding).map((name) => B.el("option", { value: name, text: B.findingName(name) })));
  finding.value = chosen;
  draw();
};
watch("value", load);
B.on("beta", B.everyFrame(() => {
  if (!lab || !lab.betas || !element.isConnected || !plots.auroc.layout) return;
  for (const plot of Object.values(plots)) window.Plotly.relayout(plot, { "shapes[0].x0": B.beta, "shapes[0].x1": B.beta });
  fill();
}));
B.on("theme", draw);
B.on("language", () => lab && load());
load();
