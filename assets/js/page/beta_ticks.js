// Marks below the slider: both ends, and each β at which the decision on the explained finding flips.
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { number } from "../lib/format.js";
import { findingName, t } from "../lib/i18n.js";

/** @import { Case } from "../review/case/case.js" */

const THUMB = 18; // pixels: its width, as in assets/css/10-frame.css

export const beginBetaTicks = () => {
  const ticks = el("div.bl-beta-ticks", { "aria-hidden": "true" });
  /** @type {HTMLInputElement | null} */
  let range = null;
  // Below the line on which the middle of the thumb moves.
  const lay = () => {
    ticks.style.left = `${range.offsetLeft + THUMB / 2}px`;
    ticks.style.width = `${range.offsetWidth - THUMB}px`;
  };
  const attach = () => {
    range = document.querySelector(".bl-beta input[type=range]");
    range?.parentElement.append(ticks);
    if (range) new ResizeObserver(lay).observe(range);
  };
  /** @param {Case | null} opened */
  const draw = (opened) => {
    if (!range?.isConnected) attach();
    const flips = opened?.modalities.length === 2 ? opened.flips : [];
    /** @param {number} beta @param {import("../lib/types.d.ts").What} what */
    const tick = (beta, what) => el(what, { style: `left: ${100 * beta}%` });
    ticks.replaceChildren(
      tick(0, "span.bl-beta-tick"),
      tick(1, "span.bl-beta-tick"),
      ...flips.map((beta) => tick(beta, "span.bl-beta-tick.bl-flips")),
    );
    const said = flips.map((beta) => t("beta.flip", { finding: findingName(opened.finding), beta: number(beta) }));
    range?.setAttribute("title", said.join(". "));
  };
  on("explained", draw);
  on("veiled", () => draw(null));
};
