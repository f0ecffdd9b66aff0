/** @import { Point } from "./types.d.ts" */

// Which way an arrow key goes on the screen.
/** @type {Record<string, Point>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// How many steps a key moves what is a slider.
/** @type {Record<string, number>} */
export const SLIDER_STEPS = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 5,
  PageDown: -5,
  Home: -Infinity,
  End: Infinity,
};

// Of a row of things, or a column: to the next one, or to that before.
/** @param {string} key */
export const stepOf = (key) => ARROWS[key]?.find(Boolean) ?? 0;

// Things in rows, of which Tab reaches one: arrow keys, Home and End go to the others.
/**
 * @param {HTMLElement} node that they stand in
 * @param {() => HTMLElement[]} things
 * @param {() => number} across how many stand in a row
 * @param {() => void} beyond is called where a key goes beyond the last
 */
export const walkByArrows = (node, things, across = () => 1, beyond = () => {}) =>
  node.addEventListener("keydown", (event) => {
    const all = things();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(), ArrowUp: -across() }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : by && at + by;
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (to >= all.length) beyond();
    if (!all[to]) return;
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  });
