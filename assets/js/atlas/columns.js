// What the points of a map are coloured and filtered by: one byte a point, at every beta where it depends on beta.
(() => {
  const B = window.BetaLens;
  const UNKNOWN = 255, STEPS = 254; // as in explain/cohort/columns.py

  class Column {
    constructor({ column, finding, kind, names, betas, codes }, count) {
      Object.assign(this, { name: column, finding, kind, names, betas, count, id: `${column}/${finding}` });
      this.codes = Uint8Array.from(atob(codes), (character) => character.charCodeAt(0));
      this.row = new Uint8Array(count);
      this.open();
    }

    get moves() {
      return this.betas > 1;
    }

    get filters() {
      return this.hidden.size > 0 || this.low > 0 || this.high < STEPS;
    }

    open() {
      Object.assign(this, { hidden: new Set(), low: 0, high: STEPS });
    }

    // The codes at beta: numbers between two beta are mixed, categories are those of the nearest one.
    at(beta) {
      const { codes, row, count } = this;
      const place = Math.min(Math.max(beta, 0), 1) * (this.betas - 1), low = Math.min(Math.floor(place), Math.max(this.betas - 2, 0)), share = place - low;
      if (this.kind === "category" || !this.moves) return codes.subarray(Math.round(place) * count, (Math.round(place) + 1) * count);
      const a = low * count, b = a + count;
      for (let i = 0; i < count; i++) row[i] = codes[a + i] === UNKNOWN ? UNKNOWN : codes[a + i] + share * (codes[b + i] - codes[a + i]) + 0.5;
      return row;
    }

    passes(code) {
      if (this.kind === "category") return !this.hidden.has(code);
      return code === UNKNOWN ? this.low === 0 && this.high === STEPS : code >= this.low && code <= this.high;
    }

    nameOf(code) {
      if (code === UNKNOWN) return B.t("atlas.unknown");
      const name = this.names[code];
      return name.startsWith(":") ? B.t(`atlas.category.${name.slice(1)}`) : B.findingName(name);
    }

    title() {
      return this.finding ? `${B.t(`atlas.by.${this.name}`)} · ${B.findingName(this.finding)}` : B.t(`atlas.by.${this.name}`);
    }

    palette() {
      const colours = new Uint8Array(256 * 4), set = (code, [r, g, b], alpha = 255) => colours.set([r, g, b, alpha], 4 * code);
      if (this.kind === "number") for (let i = 0; i <= STEPS; i++) set(i, B.viridis(i / STEPS));
      else this.names.forEach((_, code) => set(code, B.rgb(this.colourOf(code))));
      set(UNKNOWN, B.rgb(B.colour("edge")));
      return colours;
    }

    // Having nothing is grey, errors are red and orange, the rest are told apart by hue and shape.
    colourOf(code) {
      const name = this.names[code];
      const fixed = { ":none": "edge", ":without": "edge", ":right": "edge", ":tn": "edge", ":unjudged": "edge" }[name];
      if (fixed) return B.colour(fixed);
      return { ":wrong": "#d55e00", ":fn": "#e69f00", ":fp": "#d55e00", ":tp": "#56b4e9", ":with": "#e69f00", ":agree": "#009e73", ":disagree": "#d55e00", ":unsure": "#e69f00" }[name] || B.palette[code % B.palette.length];
    }
  }
  B.Column = Column;
  B.CODES = { UNKNOWN, STEPS };

  B.rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  // "viridis" (Smith and van der Walt 2015), after Zucker's fit; the end that would sink into the page is left out.
  const FIT = [[0.2777273, 0.1050930, -0.3308618, -4.6342305, 6.2282700, 4.7763850, -5.4354558], [0.0054073, 1.4046135, 0.2148476, -5.7991010, 14.1799334, -13.7451454, 4.6458526], [0.3340998, 1.3845902, 0.0950952, -19.3324410, 56.6905526, -65.3530326, 26.3124352]];
  B.viridis = (share) => {
    const t = B.isDark() ? 0.2 + 0.8 * share : 0.9 * share;
    return FIT.map((terms) => Math.round(255 * Math.min(1, Math.max(0, terms.reduceRight((sum, term) => sum * t + term, 0)))));
  };
})();
