// A film and a report as the tests of their explanation change them: what is away at a step is replaced, or struck out.
import { el } from "../lib/dom.js";

/** @import * as m from "../lib/messages.d.ts" */

/** @typedef {"deletion" | "insertion"} Direction */

// What is taken away stays away; what is given back stays.
/** @param {m.Steps} steps @param {Direction} direction @param {number} step @param {number} unit */
export const isAway = (steps, direction, step, unit) =>
  direction === "deletion" ? step >= steps.deletion[unit] : step < steps.insertion[unit];

// The pixels of a row or column of cells, as torch's nearest interpolation spreads them.
/** @param {number} cell @param {number} cells @param {number} side */
export const spanOf = (cell, cells, side) => {
  const from = Math.ceil((cell * side) / cells);
  return { from, size: Math.ceil(((cell + 1) * side) / cells) - from };
};

// films: the film itself, and what stands in the place of its cells, of one size.
/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ own: HTMLImageElement, instead: HTMLImageElement }} films
 * @param {m.Steps} steps
 * @param {Direction} direction
 * @param {number} step
 */
export const drawFilm = (canvas, { own, instead }, steps, direction, step) => {
  const side = own.naturalWidth;
  const [rows, columns] = steps.shape;
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.drawImage(own, 0, 0);
  for (let unit = 0; unit < rows * columns; unit++) {
    if (!isAway(steps, direction, step, unit)) continue;
    const y = spanOf(Math.floor(unit / columns), rows, side);
    const x = spanOf(unit % columns, columns, side);
    context.drawImage(instead, x.from, y.from, x.size, y.size, x.from, y.from, x.size, y.size);
  }
};

// segments: the report in parts, each with the number of its word, or -1.
/**
 * @param {[string, number, boolean][]} segments
 * @param {m.Steps} steps
 * @param {Direction} direction
 * @param {number} step
 */
export const reportParts = (segments, steps, direction, step) =>
  segments.map(([text, word]) => (word >= 0 && isAway(steps, direction, step, word) ? el("del", text) : text));
