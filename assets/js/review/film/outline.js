// The border of a binary mask as line segments in mask coordinates: at one half after a small blur, so that it is a
// curve and not a staircase. Beyond the mask's edges there is nothing of it.
import { contour } from "./contour.js";

const AROUND = 2; // cells: what the blur reaches, and one more that is nothing

/** @param {ArrayLike<number>} mask @param {number} height @param {number} width */
export const outline = (mask, height, width) => {
  /** @param {number} y @param {number} x */
  const at = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : mask[y * width + x]);
  const [rows, columns] = [height + 2 * AROUND, width + 2 * AROUND];
  const soft = Float32Array.from({ length: rows * columns }, (_, i) => {
    const y = Math.floor(i / columns) - AROUND;
    const x = (i % columns) - AROUND;
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) sum += at(y + dy, x + dx) * (dy && dx ? 1 : dy || dx ? 2 : 4);
    return sum / 16;
  });
  return contour(soft, rows, columns, 0.5).map((value) => value - AROUND);
};
