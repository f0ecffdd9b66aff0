// A film is fetched in tiles of its own greys, at the coarsest step that still has one for each pixel of the canvas
// (dashboard/review/film_tiles.py).
/** @import { OwnPixels } from "../../lib/messages.d.ts" */
/** @import { Area, Size } from "../../lib/types.d.ts" */

export const SIDE = 256; // greys of a tile
const COARSEST = 64;

// scale: pixels of the canvas for one of the film.
/** @param {number} scale */
export const stepFor = (scale) => Math.min(COARSEST, 2 ** Math.max(0, Math.floor(Math.log2(1 / scale) + 1e-9)));

// The rows and columns of tiles that an area of the film lies in, ends not counted.
/** @param {Area} area @param {number} step @param {Size} size @returns {Area} */
export const tilesOf = ({ top, left, bottom, right }, step, { rows, columns }) => {
  const size = step * SIDE;
  /** @param {number} end @param {number} length */
  const last = (end, length) => Math.ceil(Math.min(end, length) / size);
  return {
    top: Math.floor(Math.max(0, top) / size),
    left: Math.floor(Math.max(0, left) / size),
    bottom: last(bottom, rows),
    right: last(right, columns),
  };
};

/** @param {OwnPixels} film @param {number} step @param {number} row @param {number} column */
export const nameOf = ({ name }, step, row, column) => `${name}:${step}/${row}/${column}`;

// How many greys a tile has in a row of its own.
/** @param {OwnPixels} film @param {number} step @param {number} column */
export const widthOf = ({ columns }, step, column) => Math.min(SIDE, Math.ceil(columns / step) - column * SIDE);
