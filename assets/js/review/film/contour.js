// Where a map crosses a level, as line segments (marching squares): x and y of one end, then of the other, in the map's
// own coordinates, whose values lie at half-integers.
const X = [0, 1, 1, 0];
const Y = [0, 0, 1, 1];

// values: of `width` columns, row by row; every `step`-th of a row and of a column is looked at; into: is filled.
/**
 * @param {ArrayLike<number>} values
 * @param {number} height
 * @param {number} width
 * @param {number} level
 * @param {number} [step]
 * @param {number[]} [into]
 */
export const contour = (values, height, width, level, step = 1, into = []) => {
  into.length = 0;
  for (let y = 0; y + step < height; y += step) {
    for (let x = 0; x + step < width; x += step) {
      for (let edge = 0; edge < 4; edge++) {
        const next = (edge + 1) % 4;
        const a = values[(y + step * Y[edge]) * width + x + step * X[edge]];
        const b = values[(y + step * Y[next]) * width + x + step * X[next]];
        if (a > level === b > level) continue;
        const share = (level - a) / (b - a);
        into.push(
          x + step * (X[edge] + share * (X[next] - X[edge])) + 0.5,
          y + step * (Y[edge] + share * (Y[next] - Y[edge])) + 0.5,
        );
      }
    }
  }
  return into;
};
