/** @import { Point } from "./types.d.ts" */

// Which way an arrow key goes on the screen.
/** @type {Record<string, Point>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Of a row of things, or a column: to the next one, or to that before.
/** @param {string} key */
export const stepOf = (key) => ARROWS[key]?.find(Boolean) ?? 0;
