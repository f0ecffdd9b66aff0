// The exact Shapley values of image and report as one signed stack: what speaks for the finding grows to the right
// of the reference, what speaks against it to the left, and together they are logit minus reference logit. What exists
// only because both are there together is shared equally between them, and said.
(() => {
  const B = window.BetaLens;
  const KINDS = ["image", "report"];

  class SharesView {
    constructor() {
      this.bars = KINDS.map((kind) => B.el("span", { class: `bl-share bl-share-${kind}` }));
      this.values = KINDS.map(() => B.el("b", { class: "bl-num" }));
      this.together = B.el("span", { class: "bl-interaction bl-num" });
      this.total = B.el("b", { class: "bl-num" });
      this.node = B.el("section", { class: "bl-shares" },
        B.el("header", { class: "bl-sub-head" }, B.phrase("h3", "shares.title"),
          B.el("span", { class: "bl-muted" }, B.phrase("span", "shares.total"), " ", this.total)),
        B.el("div", { class: "bl-share-track" }, ...this.bars, B.el("span", { class: "bl-share-zero" })),
        B.el("div", { class: "bl-share-legend" }, ...KINDS.map((kind, i) =>
          B.el("span", {}, B.el("i", { class: `bl-swatch bl-share-${kind}` }), B.phrase("span", `shares.${kind}`), " ", this.values[i])), this.together));
    }

    load(opened) {
      this.opened = opened;
      this.together.hidden = opened.modalities.length < 2;
      // One scale for the whole case: the longest stack any beta needs, on either side.
      const { values } = opened.arrays.contributions;
      this.top = 0.5;
      for (let i = 0; i < values.length; i += 2) {
        const [image, report] = [values[i], values[i + 1]];
        this.top = Math.max(this.top, Math.max(image, 0) + Math.max(report, 0), -Math.min(image, 0) - Math.min(report, 0));
      }
    }

    move(beta) {
      const [image, report] = this.opened.at("contributions", beta);
      const magnitude = Math.abs(image) + Math.abs(report) || 1;
      const reach = { "1": 0, "-1": 0 };
      [image, report].forEach((value, i) => {
        const sign = value < 0 ? -1 : 1;
        const width = (Math.abs(value) / this.top) * 50;
        const start = reach[sign];
        reach[sign] += width;
        this.bars[i].style.width = `${width}%`;
        this.bars[i].style.left = sign > 0 ? `${50 + start}%` : `${50 - start - width}%`;
        this.bars[i].classList.toggle("bl-negative", sign < 0);
        const share = B.percent(Math.abs(value) / magnitude);
        this.values[i].textContent = `${B.signed(value)} (${share})`;
      });
      this.total.textContent = B.signed(image + report);
      this.together.textContent = B.t("shares.interaction", { value: B.signed(this.opened.at("interaction", beta)[0]) });
    }
  }
  B.SharesView = SharesView;
})();
