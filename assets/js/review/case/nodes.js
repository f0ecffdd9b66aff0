// Every explanation is stored at the Chebyshev-Lobatto nodes of beta and is a smooth function of it,
// so barycentric interpolation (Berrut and Trefethen 2004) gives it at any beta in between.
/** @param {number[]} nodes @param {number} beta */
export const weightsAt = (nodes, beta) => {
  const exact = nodes.findIndex((node) => Math.abs(node - beta) < 1e-9);
  if (exact >= 0) return nodes.map((_, k) => (k === exact ? 1 : 0));
  const last = nodes.length - 1;
  const terms = nodes.map((node, k) => ((k % 2 ? -1 : 1) * (k === 0 || k === last ? 0.5 : 1)) / (beta - node));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map((term) => term / sum);
};

// values: (nodes, width) row-major; returns the row at this beta.
/**
 * @param {number[]} nodes
 * @param {ArrayLike<number>} values
 * @param {number} width
 * @param {number} beta
 * @param {Float32Array} [row]
 */
export const rowAt = (nodes, values, width, beta, row = new Float32Array(width)) => {
  const weights = weightsAt(nodes, beta);
  row.fill(0);
  weights.forEach((weight, k) => {
    if (weight === 0) return;
    for (let i = 0, at = k * width; i < width; i++, at++) row[i] += weight * values[at];
  });
  return row;
};
