// What a map of evidence comes to, in numbers: for and against, and where it is strongest.
/** @import { Box, Strongest } from "../../lib/types.d.ts" */

// cam: signed, logits per cell, over the whole square that the model sees.
/** @param {ArrayLike<number>} cam */
export const forAndAgainst = (cam) => {
  let [pro, con] = [0, 0];
  for (let i = 0; i < cam.length; i++) {
    if (cam[i] > 0) pro += cam[i];
    else con += cam[i];
  }
  return { pro, con };
};

const THIRDS = /** @type {const} */ (["upper", "middle", "lower"]);
const HALVES = /** @type {const} */ (["left", "right"]);

// values: of a map over the square, side by side; box: where the film lies in it, in shares; every `step`-th of a row
// and of a column is looked at. The third and the half of the film with the highest value, and its share of all that is
// positive on the film; null where nothing is.
/**
 * @param {ArrayLike<number>} values
 * @param {number} side
 * @param {Box} box
 * @param {number} [step]
 * @returns {Strongest | null}
 */
export const strongest = (values, side, [top, left, height, width], step = 1) => {
  const sums = new Float64Array(6);
  let [all, peak, place] = [0, 0, 0];
  for (let y = 0; y < side; y += step) {
    const down = ((y + 0.5) / side - top) / height;
    if (down < 0 || down >= 1) continue;
    for (let x = 0; x < side; x += step) {
      const along = ((x + 0.5) / side - left) / width;
      const value = values[y * side + x];
      if (!(value > 0) || along < 0 || along >= 1) continue;
      const part = 2 * Math.floor(3 * down) + Math.floor(2 * along);
      sums[part] += value;
      all += value;
      if (value > peak) [peak, place] = [value, part];
    }
  }
  return all ? { third: THIRDS[place >> 1], half: HALVES[place & 1], share: sums[place] / all } : null;
};
