// What the tests of an explanation found, as chips under it and as a table in their own tab.
(() => {
  const B = window.BetaLens;
  const number = (value) => B.number(value, 2);

  // Figure, how it is shown, whether it speaks for the explanation. A test that says nothing of this case is left out.
  const TESTS = [
    ["completeness_error", (f) => `${B.number(100 * f.completeness_error, 2)}\u2009%`, (f) => f.completeness_error <= 0.01],
    ["points_inside", (f) => B.t(f.points_inside ? "trust.yes" : "trust.no"), (f) => f.points_inside],
    ["heat_concentration", (f) => `${B.number(f.heat_concentration, 1)}×`, (f) => f.heat_concentration >= 2],
    ["heat_in_lungs", (f) => `${B.number(f.heat_in_lungs, 1)}×`, (f) => f.heat_in_lungs >= 1],
    ["top_word_states", (f) => B.t(f.top_word_states ? "trust.yes" : "trust.no"), (f) => f.top_word_states],
    ["rank_percentile", (f) => number(f.rank_percentile), (f) => f.rank_percentile >= 0.6],
    ["deletion_auc", (f) => `${number(f.deletion_auc)} / ${number(f.random_deletion_auc)}`, (f) => f.deletion_auc < f.random_deletion_auc],
    ["insertion_auc", (f) => `${number(f.insertion_auc)} / ${number(f.random_insertion_auc)}`, (f) => f.insertion_auc > f.random_insertion_auc],
    ["stability", (f) => number(f.stability), (f) => f.stability >= 0.7],
    ["sanity", (f) => number(f.sanity), (f) => Math.abs(f.sanity) <= 0.3],
  ];
  B.trustTests = (figures) => TESTS.filter(([name]) => figures[name] !== undefined && figures[name] !== null)
    .map(([name, show, good]) => ({ name, value: show(figures), good: Boolean(good(figures)) }));

  const chip = ({ name, value, good }) => B.el("span", { class: `bl-test ${good ? "bl-pass" : "bl-doubt"}`, title: `${value}. ${B.t(`trust.help.${name}`)}` },
    B.el("i", { "aria-hidden": "true", text: good ? "✓" : "!" }), B.phrase("span", `trust.short.${name}`), " ", B.el("b", { class: "bl-num", text: value }));

  B.trust = null; // the tests of what is on the stage
  const fill = (result) => {
    B.trust = result;
    for (const slot of document.querySelectorAll(".bl-trust")) {
      const tested = result && result[slot.dataset.modality];
      slot.replaceChildren(...(tested ? B.trustTests(tested.figures).map(chip) : []));
      slot.title = tested ? B.t(`trust.alone.${slot.dataset.modality}`) : "";
    }
  };
  for (const name of ["explained", "veiled"]) B.on(name, () => fill(null));
  B.on("trust", fill);
  B.on("language", () => fill(B.trust));
})();
