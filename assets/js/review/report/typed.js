// The box in which a report is typed: whether what stands there is what was analysed, and the key that analyses it.
import { hide } from "../../lib/dom.js";
import { phrase } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

const BOX = ".bl-report textarea";
const AGAIN_MS = 300; // until the box is read again, which the server fills after the stage

// Blank space alone is no report; see model/inputs/report.py.
/** @param {string} text */
const tidy = (text) => (text.trim() ? text.replace(/\r\n?/g, "\n").normalize("NFC") : "");
/** @param {string} typed @param {string} analysed */
export const isStale = (typed, analysed) => typed !== analysed && tidy(typed) !== tidy(analysed);

export const typedReport = () => {
  let analysed = "";
  let again = 0;
  const node = phrase("p.bl-stale-line", "report.stale", { role: "status", hidden: true });
  const check = () => {
    clearTimeout(again);
    const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector(BOX));
    const stale = Boolean(box) && isStale(box.value, analysed);
    if (stale) again = setTimeout(check, AGAIN_MS);
    hide(node, !stale);
    node.closest(".bl-stage-grid")?.classList.toggle("bl-stale", stale);
  };
  /** @param {Event} event */
  const isIn = ({ target }) => target instanceof Element && target.matches(BOX);
  document.addEventListener("input", (event) => isIn(event) && check());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !isIn(event)) return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (document.querySelector(".bl-analyse:not(.bl-analyse-alone)"))?.click();
  });

  /** @param {Case} opened */
  const load = (opened) => {
    analysed = opened.segments.map(([text]) => text).join("");
    clearTimeout(again);
    // What the server puts into the box comes a moment after the case.
    again = setTimeout(check, AGAIN_MS);
  };
  return { node, load };
};
