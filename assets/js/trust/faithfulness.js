// Deletion and insertion of every method against random order, by baseline: the mean over cases beside those by finding.
(() => {
  const B = window.BetaLens;
  const DIRECTIONS = ["deletion", "insertion"];

  const difference = ({ value, low, high }) => B.el("td", {}, B.signed(value, 2),
    B.el("span", { class: "bl-muted", text: low === null ? ` (${B.t("lab.no_interval")})` : ` (${B.signed(low, 2)} … ${B.signed(high, 2)})` }));
  const row = (name, { n, faithfulness }, baselines) => B.el("tr", {}, B.el("th", { scope: "row", text: name }), B.el("td", { text: String(n) }),
    ...DIRECTIONS.flatMap((direction) => baselines.map((baseline) => (faithfulness && faithfulness[baseline]
      ? difference(faithfulness[baseline][`${direction}_difference`]) : B.el("td", { text: B.t("not_defined") })))));

  // A part that opens for each method: its figures, a row for all cases and one a finding.
  B.faithfulness = (methods, titles) => Object.entries(methods).filter(([, figures]) => figures.faithfulness).map(([name, figures]) => {
    const baselines = Object.keys(figures.faithfulness);
    const cases = B.t(figures.coarse ? "trust.cases_coarse" : "trust.cases", { n: figures.n, patients: figures.patients });
    return B.el("details", { class: "bl-faithful" },
      B.el("summary", { text: `${B.t("trust.faithful", { method: titles[name] || name })} · ${cases}` }),
      B.el("div", { class: "bl-scroll" }, B.el("table", { class: "bl-table bl-num" },
        B.el("thead", {}, B.el("tr", {}, B.el("th", { scope: "col", text: B.t("trust.finding") }), B.el("th", { scope: "col", text: B.t("trust.column.n") }),
          ...DIRECTIONS.flatMap((direction) => baselines.map((baseline) => B.el("th", { scope: "col", text: B.t(`trust.short.${direction}_${baseline}`) }))))),
        B.el("tbody", {}, row(B.t("trust.all"), figures, baselines),
          ...Object.entries(figures.per_finding).map(([finding, own]) => row(B.findingName(finding), own, baselines))))),
      B.el("p", { class: "bl-muted bl-lab-note", text: B.t("trust.faithful_note") }));
  });
})();
