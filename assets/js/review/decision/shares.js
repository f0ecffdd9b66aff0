// What image and report add to the logit (their exact Shapley values), as one signed stack: what speaks for the finding
// grows to the right of the reference, what speaks against it to the left. Where they push against each other neither
// has a share in per cent.
import { el, write } from "../../lib/dom.js";
import { number, percent, signed } from "../../lib/format.js";
import { phrase, t } from "../../lib/i18n.js";

/** @import { Modality } from "../../lib/types.d.ts" */
/** @import { Case } from "../case/case.js" */

/** @type {Modality[]} */
const KINDS = ["image", "report"];

// Whether one speaks for and the other against; what is written as 0 does neither.
/** @param {number} image @param {number} report */
export const areOpposed = (image, report) =>
  image * report < 0 && [image, report].every((value) => Number(number(Math.abs(value))) > 0);

// What is said of each of the two.
/** @param {number} image @param {number} report */
export const sayShares = (image, report) => {
  const magnitude = Math.abs(image) + Math.abs(report) || 1;
  const opposed = areOpposed(image, report);
  return [image, report].map((value, i) => {
    const way = opposed ? (value > 0 ? "up" : "down") : "part";
    return t(`shares.${KINDS[i]}.${way}`, { value: signed(value), percent: percent(Math.abs(value) / magnitude) });
  });
};

export const sharesView = () => {
  /** @type {Case | null} */
  let opened = null;
  let top = 0.5; // what half the track stands for
  const bars = KINDS.map((kind) => el(`span.bl-share.bl-share-${kind}`));
  const values = KINDS.map(() => el("span.bl-num"));
  const legend = KINDS.map((kind, i) => el("span", el(`i.bl-swatch.bl-share-${kind}`), values[i]));
  const node = el(
    "section.bl-shares",
    el("header.bl-sub-head", phrase("h3", "shares.title"), el("div.bl-share-legend", ...legend)),
    el("div.bl-share-track", ...bars, el("span.bl-share-zero")),
  );

  /** @param {Case} given */
  const load = (given) => {
    opened = given;
    node.hidden = opened.modalities.length < 2;
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
    if (node.hidden) return;
    const [image, report] = opened.at("contributions", beta);
    const reach = { 1: 0, "-1": 0 };
    const said = sayShares(image, report);
    node.classList.toggle("bl-opposed", areOpposed(image, report));
    [image, report].forEach((value, i) => {
      const sign = value < 0 ? -1 : 1;
      const width = (Math.abs(value) / top) * 50;
      const start = reach[sign];
      reach[sign] += width;
      bars[i].style.width = `${width}%`;
      bars[i].style.left = sign > 0 ? `${50 + start}%` : `${50 - start - width}%`;
      bars[i].classList.toggle("bl-negative", sign < 0);
      write(values[i], said[i]);
    });
  };

  return { node, load, move };
};
