// The exact Shapley values of image and report as one signed stack: what speaks for the finding grows to the right
// of the reference, what speaks against it to the left, and together they are logit minus reference logit. What exists
// only because both are there together is shared equally between them, and said.
import { el } from "../../lib/dom.js";
import { percent, signed } from "../../lib/format.js";
import { phrase, t } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

const KINDS = ["image", "report"];

export class SharesView {
  constructor() {
    this.bars = KINDS.map((kind) => el(`span.bl-share.bl-share-${kind}`));
    this.values = KINDS.map(() => el("b.bl-num"));
    this.together = el("span.bl-interaction.bl-num");
    this.total = el("b.bl-num");
    this.node = el(
      "section.bl-shares",
      el(
        "header.bl-sub-head",
        phrase("h3", "shares.title"),
        el("span.bl-muted", phrase("span", "shares.total"), " ", this.total),
      ),
      el("div.bl-share-track", ...this.bars, el("span.bl-share-zero")),
      el(
        "div.bl-share-legend",
        ...KINDS.map((kind, i) =>
          el("span", el(`i.bl-swatch.bl-share-${kind}`), phrase("span", `shares.${kind}`), " ", this.values[i]),
        ),
        this.together,
      ),
    );
  }

  /** @param {Case} opened */
  load(opened) {
    this.opened = opened;
    this.together.hidden = opened.modalities.length < 2;
    // One scale for the whole case: the longest stack any beta needs, on either side.
    const { values } = opened.arrays.contributions;
    this.top = 0.5;
    for (let i = 0; i < values.length; i += 2) {
      const [image, report] = [values[i], values[i + 1]];
      this.top = Math.max(
        this.top,
        Math.max(image, 0) + Math.max(report, 0),
        -Math.min(image, 0) - Math.min(report, 0),
      );
    }
  }

  /** @param {number} beta */
  move(beta) {
    const [image, report] = this.opened.at("contributions", beta);
    const magnitude = Math.abs(image) + Math.abs(report) || 1;
    const reach = { 1: 0, "-1": 0 };
    [image, report].forEach((value, i) => {
      const sign = value < 0 ? -1 : 1;
      const width = (Math.abs(value) / this.top) * 50;
      const start = reach[sign];
      reach[sign] += width;
      this.bars[i].style.width = `${width}%`;
      this.bars[i].style.left = sign > 0 ? `${50 + start}%` : `${50 - start - width}%`;
      this.bars[i].classList.toggle("bl-negative", sign < 0);
      const share = percent(Math.abs(value) / magnitude);
      this.values[i].textContent = `${signed(value)} (${share})`;
    });
    this.total.textContent = signed(image + report);
    this.together.textContent = t("shares.interaction", { value: signed(this.opened.at("interaction", beta)[0]) });
  }
}
