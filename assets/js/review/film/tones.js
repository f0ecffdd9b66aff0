// Window and level: which greys of the film go from black to white. Both are shares of its greys, as 16 bits have them.
/** @import { Tones } from "../../lib/types.d.ts" */

/** @type {Tones} */
export const PLAIN = { width: 1, level: 0.5, inverted: false };
export const GREYS = 65536;
const NARROWEST = 1 / 256;
const WIDEST = 2;

/** @param {Tones} tones */
export const isWindowed = ({ width, level }) => width !== PLAIN.width || level !== PLAIN.level;

// A drag: to the right the window gets wider, four times for the width of the film; downwards its level rises, which
// makes the film darker. What is narrow is set finely.
/** @param {Tones} tones @param {number} dx @param {number} dy in shares of the canvas @returns {Tones} */
export const dragged = ({ width, level, inverted }, dx, dy) => ({
  width: Math.min(WIDEST, Math.max(NARROWEST, width * 4 ** dx)),
  level: Math.min(1, Math.max(0, level + dy * width)),
  inverted,
});

// Writes what each grey of 16 bits is shown as: red, green and blue alike, opaque, as a canvas' pixels lie in memory.
/** @param {Tones} tones @param {Uint32Array} table */
export const fillTable = ({ width, level, inverted }, table) => {
  const low = level - width / 2;
  for (let grey = 0; grey < GREYS; grey++) {
    const share = Math.min(1, Math.max(0, (grey / (GREYS - 1) - low) / width));
    const shown = Math.round(255 * (inverted ? 1 - share : share));
    table[grey] = 0xff000000 + shown * 0x010101;
  }
};
