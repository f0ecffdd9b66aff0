// The tests of the explanation on the stage, with their curves, and of every method over a split.
const B = window.BetaLens;
const { plotly, titles } = JSON.parse(props.value);
const MODALITIES = ["image", "report"];
const COLUMNS = {
  image: ["n", "points_inside", "heat_concentration", "heat_in_lungs", "deletion_auc", "random_deletion_auc", "insertion_auc", "random_insertion_auc", "stability", "sanity", "completeness_error"],
  report: ["n", "top_word_states", "rank_percentile", "deletion_auc", "random_deletion_auc", "insertion_auc", "random_insertion_auc", "stability", "sanity", "completeness_error"],
};

class Examined {
  constructor(modality) {
    this.modality = modality;
    this.method = B.el("span", { class: "bl-muted" });
    this.note = B.el("p", { class: "bl-muted bl-lab-note" });
    this.rows = B.el("tbody");
    this.plot = B.el("div", { class: "bl-trust-plot" });
    this.node = B.el("section", { class: "bl-panel bl-lab-panel" },
      B.el("header", { class: "bl-panel-head" }, B.phrase("h3", `trust.title.${modality}`), this.method),
      B.el("div", { class: "bl-trust-body" }, B.el("table", { class: "bl-table bl-trust-table" }, this.rows), this.plot), this.note);
  }

  load(result) {
    const tested = result && result[this.modality];
    this.method.textContent = tested ? `${tested.method} · ${B.findingName(result.finding)}` : "";
    this.note.textContent = B.t(tested ? `trust.alone.${this.modality}` : "trust.waiting");
    this.plot.hidden = !tested;
    this.rows.replaceChildren(...(tested ? B.trustTests(tested.figures) : []).map(({ name, value, good }) => B.el("tr", {},
      B.el("td", { class: good ? "bl-pass" : "bl-doubt", text: good ? "✓" : "!", "aria-label": B.t(good ? "trust.pass" : "trust.doubt") }),
      B.el("th", { scope: "row" }, B.phrase("b", `trust.short.${name}`), B.phrase("span", `trust.help.${name}`, { class: "bl-muted" })),
      B.el("td", { class: "bl-num", text: value }))));
    if (tested) this.draw(result.fractions, tested.curves);
  }

  async draw(fractions, curves) {
    const Plotly = await B.plotly(plotly);
    const line = (name, colour, dash) => ({
      x: fractions, y: curves[name], name: B.t(`trust.curve.${name}`), mode: "lines", line: { color: B.colour(colour), width: dash ? 1.3 : 2.4, dash },
    });
    Plotly.react(this.plot, [line("deletion", "bad"), line("random_deletion", "bad", "dot"), line("insertion", "accent"), line("random_insertion", "accent", "dot")],
      B.plotLayout({ xaxis: { title: { text: B.t("trust.axis"), standoff: 6, font: { size: 12 } }, range: [0, 1] }, yaxis: { range: [0, 1.02] }, showlegend: true, margin: { l: 44, r: 14, t: 52, b: 40 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 10.5 } } }), B.plotConfig);
  }
}

const panels = MODALITIES.map((modality) => new Examined(modality));
const show = (name, value) => (value === null || value === undefined ? "–" : name === "n" ? String(value)
  : name === "completeness_error" ? `${B.number(100 * value, 2)}\u2009%` : name.startsWith("heat") ? `${B.number(value, 1)}×` : B.number(value, 2));
const table = (measured, modality) => {
  const of = (measured && measured[modality]) || {};
  const columns = COLUMNS[modality].filter((name) => Object.values(of).some((figures) => figures[name] !== undefined && figures[name] !== null));
  return B.el("table", { class: "bl-table bl-num" },
    B.el("thead", {}, B.el("tr", {}, B.phrase("th", `trust.methods.${modality}`, { scope: "col" }),
      ...columns.map((name) => B.phrase("th", `trust.column.${name}`, { scope: "col", title: B.t(`trust.help.${name}`) })))),
    B.el("tbody", {}, ...Object.entries(of).map(([name, figures]) => B.el("tr", {}, B.el("th", { scope: "row", text: titles[modality][name] || name }),
      ...columns.map((column) => B.el("td", { text: show(column, figures[column]) }))))));
};
const methods = B.el("section", { class: "bl-panel bl-lab-panel bl-trust-methods" });
const drawMethods = () => {
  const { measured } = JSON.parse(props.value);
  methods.replaceChildren(B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "trust.methods")),
    ...(measured ? [B.el("div", { class: "bl-scroll" }, ...MODALITIES.map((modality) => table(measured, modality))), B.phrase("p", "trust.methods_note", { class: "bl-muted bl-lab-note" })]
      : [B.phrase("p", "trust.unmeasured", { class: "bl-muted bl-lab-note" })]));
};
watch("value", drawMethods);
drawMethods();
element.replaceChildren(B.el("div", { class: "bl-trust-page" }, ...panels.map((panel) => panel.node), methods));

const load = () => panels.forEach((panel) => panel.load(B.trust));
for (const name of ["trust", "explained", "veiled"]) B.on(name, load);
B.on("theme", load);
B.on("language", load);
load();
