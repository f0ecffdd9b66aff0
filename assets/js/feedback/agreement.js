// How often reviewers agree with the model, over time and by finding, and with one another.
const B = window.BetaLens;
const COLUMNS = ["pair", "finding", "studies", "same", "kappa"];
const figure = (key) => {
  const plot = B.el("div", { class: "bl-plot", role: "img" });
  return { key, plot, node: B.el("section", { class: "bl-panel bl-lab-figure" }, B.el("header", { class: "bl-panel-head" }, B.phrase("h3", key)), plot) };
};
const days = figure("feedback.over_time"), findings = figure("feedback.per_finding");
const body = B.el("tbody");
const pairs = B.el("div", { class: "bl-scroll" }, B.el("table", { class: "bl-table bl-kappa" }, B.el("thead", {}, B.el("tr", {}, ...COLUMNS.map((name) => B.phrase("th", `feedback.column.${name}`, { scope: "col" })))), body));
const note = B.el("p", { class: "bl-muted bl-lab-note" });
const none = B.phrase("p", "feedback.agreement_none", { class: "bl-muted bl-lab-none" });
element.replaceChildren(B.el("div", { class: "bl-agreement" }, days.node, findings.node,
  B.el("section", { class: "bl-panel bl-lab-figure" }, B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "feedback.kappa")), pairs, note)), none);

const axis = { fixedrange: true };
const share = { ...axis, range: [-0.03, 1.03], tickformat: ".0%" };
const errors = (all) => ({ type: "data", symmetric: false, array: all.map((s) => s.high - s.agree / s.n), arrayminus: all.map((s) => s.agree / s.n - s.low), color: B.colour("edge"), thickness: 1.2, width: 3 });
const said = (all) => all.map((s) => B.t("feedback.share", { agree: s.agree, n: s.n }));
const describe = ({ key, plot }, all, named) => plot.setAttribute("aria-label", `${B.t(key)}: ${all.map((s) => `${named(s.of)} ${B.t("feedback.share", { agree: s.agree, n: s.n })}`).join(", ")}`);

const draw = async () => {
  const { over_time: overTime = [], per_finding: perFinding = [], kappa = [] } = JSON.parse(props.value);
  none.hidden = overTime.length > 0;
  for (const { node } of [days, findings]) node.hidden = !overTime.length;
  note.textContent = B.t(kappa.length ? "feedback.kappa_note" : "feedback.kappa_none");
  pairs.hidden = !kappa.length;
  body.replaceChildren(...kappa.map((k) => B.el("tr", {}, B.el("td", { text: `${k.first} · ${k.second}` }), B.el("td", { text: B.findingName(k.finding) }),
    ...[String(k.n), B.t("feedback.share", { agree: k.same, n: k.n }), B.figure(k.kappa, B.number)].map((text) => B.el("td", { class: "bl-num", text })))));
  if (!overTime.length) return;
  const Plotly = await B.plotly(), colour = B.colour("accent");
  const layout = (extra) => B.plotLayout({ dragmode: false, hovermode: "closest", margin: { l: 44, r: 14, t: 6, b: 30 }, ...extra });
  const hover = "%{customdata}<extra></extra>";
  await Plotly.react(days.plot, [{ x: overTime.map((s) => s.of), y: overTime.map((s) => s.agree / s.n), error_y: errors(overTime), customdata: said(overTime), hovertemplate: `%{x|%Y-%m-%d}<br>${hover}`, mode: "markers+lines", line: { color: colour, width: 1.6 }, marker: { color: colour, size: 8 } }],
    layout({ xaxis: { ...axis, type: "date", tickformat: "%d %b", nticks: 8, ...(overTime.length === 1 ? { tickvals: [overTime[0].of] } : {}) }, yaxis: share }), B.plotConfig);
  const rows = [...perFinding].reverse();
  await Plotly.react(findings.plot, [{ orientation: "h", type: "bar", y: rows.map((s) => B.findingName(s.of)), x: rows.map((s) => s.agree / s.n), error_x: errors(rows), customdata: said(rows), hovertemplate: `%{y}<br>${hover}`, marker: { color: colour } }],
    layout({ xaxis: share, yaxis: { ...axis } }), B.plotConfig);
  describe(days, overTime, (day) => day);
  describe(findings, perFinding, B.findingName);
};
watch("value", draw);
for (const name of ["language", "theme"]) B.on(name, draw);
draw();
