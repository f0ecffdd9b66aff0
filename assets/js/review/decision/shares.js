// The exact Shapley values of image and report as one signed stack: what speaks for the finding grows to the right
// of the reference, what speaks against it to the left, and together they are logit minus reference logit. What exists
// only because both are there together is shared equally between them, and said.
import { el } from "../../lib/dom.js";
import { percent, signed } from "../../lib/format.js";
import { phrase, t } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

const KINDS = ["image", "report"];

export const sharesView = () => {
  /** @type {Case | null} */
  let opened = null;
  let top = 0.5; // what half the track stands for
  const bars = KINDS.map((kind) => el(`span.bl-share.bl-share-${kind}`));
  const values = KINDS.map(() => el("b.bl-num"));
  const together = el("span.bl-interaction.bl-num");
  const total = el("b.bl-num");
  const legend = KINDS.map((kind, i) =>
    el("span", el(`i.bl-swatch.bl-share-${kind}`), phrase("span", `shares.${kind}`), " ", values[i]),
  );
  const node = el(
    "section.bl-shares",
    el(
      "header.bl-sub-head",
      phrase("h3", "shares.title"),
      el("span.bl-muted", phrase("span", "shares.total"), " ", total),
    ),
    el("div.bl-share-track", ...bars, el("span.bl-share-zero")),
    el("div.bl-share-legend", ...legend, together),
  );

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    together.hidden = opened.modalities.length < 2;
    // One scale for the whole case: the longest stack any beta needs, on either side.
    const { values: all } = opened.arrays.contributions;
    top = 0.5;
    for (let i = 0; i < all.length; i += 2) {
      const [image, report] = [all[i], all[i + 1]];
      top = Math.max(top, Math.max(image, 0) + Math.max(report, 0), -Math.min(image, 0) - Math.min(report, 0));
    }
  };

  /** @param {number} beta */
  const move = (beta) => {
    const [image, report] = opened.at("contributions", beta);
    const magnitude = Math.abs(image) + Math.abs(report) || 1;
    const reach = { 1: 0, "-1": 0 };
    [image, report].forEach((value, i) => {
      const sign = value < 0 ? -1 : 1;
      const width = (Math.abs(value) / top) * 50;
      const start = reach[sign];
      reach[sign] += width;
      bars[i].style.width = `${width}%`;
      bars[i].style.left = sign > 0 ? `${50 + start}%` : `${50 - start - width}%`;
      bars[i].classList.toggle("bl-negative", sign < 0);
      values[i].textContent = `${signed(value)} (${percent(Math.abs(value) / magnitude)})`;
    });
    total.textContent = signed(image + report);
    together.textContent = t("shares.interaction", { value: signed(opened.at("interaction", beta)[0]) });
  };

  return { node, load, move };
};
