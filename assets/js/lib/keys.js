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
