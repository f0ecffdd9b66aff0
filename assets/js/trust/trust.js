// The tests of the explanation on the stage, with their curves, and of every method over a split.
const B = window.BetaLens;
const { titles } = JSON.parse(props.value);
const MODALITIES = ["image", "report"];
const COLUMNS = {
  image: ["n", "points_inside", "heat_concentration", "heat_in_lungs", "deletion", "insertion", "stability", "sanity", "completeness_error"],
  report: ["n", "top_word_states", "rank_percentile", "deletion", "insertion", "stability", "sanity", "completeness_error"],
};

class Examined {
  constructor(modality) {
    this.modality = modality;
    this.method = B.el("span", { class: "bl-muted" });
    this.note = B.el("p", { class: "bl-muted bl-lab-note" });
    this.rows = B.el("tbody");
    this.plot = B.el("div", { class: "bl-trust-plot" });
    this.baseline = B.el("select", { class: "bl-select", "data-i18n-label": "trust.baseline", "aria-label": B.t("trust.baseline"), onchange: () => this.draw() });
    this.node = B.el("section", { class: "bl-panel bl-lab-panel" },
      B.el("header", { class: "bl-panel-head" }, B.phrase("h3", `trust.title.${modality}`), this.method),
      B.el("div", { class: "bl-trust-body" }, B.el("table", { class: "bl-table bl-trust-table" }, this.rows), B.el("div", {}, this.baseline, this.plot)), this.note);
  }

  load(result) {
    const tested = result && result[this.modality];
    this.method.textContent = tested ? `${tested.method} · ${B.findingName(result.finding)}` : "";
    this.note.textContent = B.t(tested ? `trust.alone.${this.modality}` : "trust.waiting");
    this.curves = tested ? tested.curves : {};
    this.fractions = tested && result.fractions;
    const baselines = Object.keys(this.curves), chosen = this.baseline.value;
    this.plot.hidden = !baselines.length;
    this.baseline.hidden = baselines.length < 2;
    this.baseline.replaceChildren(...baselines.map((name) => B.el("option", { value: name, text: B.t(`trust.baseline.${name}`) })));
    if (baselines.includes(chosen)) this.baseline.value = chosen;
    this.rows.replaceChildren(...(tested ? B.trustTests(tested) : []).map(({ name, value, good, parts }) => B.el("tr", {},
      B.el("td", { class: good ? "bl-pass" : "bl-doubt", text: good ? "✓" : "!", "aria-label": B.t(good ? "trust.pass" : "trust.doubt") }),
      B.el("th", { scope: "row" }, B.phrase("b", `trust.short.${name}`), B.phrase("span", `trust.help.${name}`, { class: "bl-muted" })),
      B.el("td", { class: "bl-num" }, value, ...parts.map((part) => B.el("span", { class: "bl-muted", text: part }))))));
    if (baselines.length) this.draw();
  }

  async draw() {
    const Plotly = await B.plotly();
    const curves = this.curves[this.baseline.value];
    if (!curves) return;
    const line = (name, y, colour, dash) => ({
      x: this.fractions, y, name: B.t(`trust.curve.${name}`), mode: "lines", line: { color: B.colour(colour), width: dash ? 1.3 : 2.4, dash },
    });
    // Giving back in random order is taking away in random order, read backwards.
    const backwards = [...curves.random].reverse();
    Plotly.react(this.plot, [line("deletion", curves.deletion, "bad"), line("random_deletion", curves.random, "bad", "dot"), line("insertion", curves.insertion, "accent"), line("random_insertion", backwards, "accent", "dot")],
      B.plotLayout({ xaxis: { title: { text: B.t("trust.axis"), standoff: 6, font: { size: 12 } }, range: [0, 1] }, yaxis: { range: [0, 1.02] }, showlegend: true, margin: { l: 44, r: 14, t: 52, b: 40 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom", font: { size: 10.5 } } }), B.plotConfig);
  }
}

const panels = MODALITIES.map((modality) => new Examined(modality));
const verdict = (name, { passed, of, holds }, { faithfulness }) => {
  const said = of > 1 ? B.trustVerdict({ passed, of }) : B.signed(Object.values(faithfulness)[0][`${name}_difference`].value, 2);
  return `${holds ? "✓" : "!"} ${said}`;
};
const NOT_ASKED = "–"; // completeness of a method that promises none
const show = (name, value, figures) => (value === null || value === undefined ? (name === "completeness_error" ? NOT_ASKED : B.t("not_defined"))
  : name === "n" ? String(value)
  : value.of ? verdict(name, value, figures)
  : name === "completeness_error" ? `${B.number(100 * value, 2)}\u2009%` : name.startsWith("heat") ? `${B.number(value, 1)}×` : B.number(value, 2));
const table = (measured, modality) => {
  const of = (measured && measured[modality]) || {};
  const columns = COLUMNS[modality].filter((name) => Object.values(of).some((figures) => figures[name] !== undefined && figures[name] !== null));
  return B.el("table", { class: "bl-table bl-num" },
    B.el("thead", {}, B.el("tr", {}, B.phrase("th", `trust.methods.${modality}`, { scope: "col" }),
      ...columns.map((name) => B.phrase("th", `trust.column.${name}`, { scope: "col", title: B.t(`trust.help.${name}`) })))),
    B.el("tbody", {}, ...Object.entries(of).map(([name, figures]) => B.el("tr", {}, B.el("th", { scope: "row", text: titles[modality][name] || name }),
      ...columns.map((column) => B.el("td", { text: show(column, figures[column], figures) }))))));
};
const methods = B.el("section", { class: "bl-panel bl-lab-panel bl-trust-methods" });
const drawMethods = () => {
  const { measured } = JSON.parse(props.value);
  methods.replaceChildren(B.el("header", { class: "bl-panel-head" }, B.phrase("h3", "trust.methods")),
    ...(measured ? [B.el("div", { class: "bl-scroll" }, ...MODALITIES.map((modality) => table(measured, modality))), B.phrase("p", "trust.methods_note", { class: "bl-muted bl-lab-note" }),
      ...MODALITIES.flatMap((modality) => B.faithfulness(measured[modality] || {}, titles[modality]))]
      : [B.phrase("p", "trust.unmeasured", { class: "bl-muted bl-lab-note" })]));
};
watch("value", drawMethods);
B.on("language", drawMethods);
drawMethods();
element.replaceChildren(B.el("div", { class: "bl-trust-page" }, ...panels.map((panel) => panel.node), methods));

const load = () => panels.forEach((panel) => panel.load(B.trust));
for (const name of ["trust", "explained", "veiled"]) B.on(name, load);
B.on("theme", load);
B.on("language", load);
load();
