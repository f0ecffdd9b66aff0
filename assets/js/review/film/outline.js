// The border of a binary mask as line segments in mask coordinates (marching squares at one half,
// after a small blur, so that the border is a curve and not a staircase).
/** @param {ArrayLike<number>} mask @param {number} height @param {number} width */
const blur = (mask, height, width) => {
  /** @param {number} y @param {number} x */
  const at = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : mask[y * width + x]);
  return Float32Array.from(mask, (_, i) => {
    const y = Math.floor(i / width);
    const x = i % width;
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) sum += at(y + dy, x + dx) * (dy && dx ? 1 : dy || dx ? 2 : 4);
    return sum / 16;
  });
};

/** @param {ArrayLike<number>} mask @param {number} height @param {number} width */
export const outline = (mask, height, width) => {
  const soft = blur(mask, height, width);
  /** @param {number} y @param {number} x */
  const at = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? 0 : soft[y * width + x]);
  const segments = [];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = [
        [y, x],
        [y, x + 1],
        [y + 1, x + 1],
        [y + 1, x],
      ];
      const values = corners.map(([cy, cx]) => at(cy, cx));
      const crossings = [];
      for (let e = 0; e < 4; e++) {
        const a = values[e];
        const b = values[(e + 1) % 4];
        if (a > 0.5 === b > 0.5) continue;
        const t = (0.5 - a) / (b - a);
        const [ay, ax] = corners[e];
        const [by, bx] = corners[(e + 1) % 4];
        crossings.push([ax + t * (bx - ax) + 0.5, ay + t * (by - ay) + 0.5]);
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) segments.push([crossings[i], crossings[i + 1]]);
    }
  }
  return segments;
};
