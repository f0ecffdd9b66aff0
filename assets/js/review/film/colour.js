// "inferno" (Smith and van der Walt 2015): perceptually uniform and ordered for colour-blind readers.
// The polynomial is Zucker's fit of the published table; its lowest quarter is left out, being as dark as the film.
import { polynomials } from "../../lib/colours.js";

// Red, green and blue.
const FIT = [
  [0.00021894, 0.10651342, 11.60249308, -41.70399613, 77.1629357, -71.31942824, 25.13112622],
  [0.001651, 0.56395644, -3.97285397, 17.43639888, -33.40235894, 32.62606426, -12.24266895],
  [-0.0194809, 3.93271239, -15.94239411, 44.3541452, -81.80730926, 73.20951986, -23.070325],
];

// How much of the film a value covers, as a share of the scale: little evidence does not fog the film.
/** @param {number} share */
const opaque = (share) => Math.min(1, (2.2 * share) ** 2);

/** @param {(share: number) => number[]} colour */
const tableOf = (colour) => {
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) table.set([...colour(i / 255), 255 * opaque(i / 255)], 4 * i);
  return table;
};
export const heatTable = tableOf((share) => polynomials(FIT, 0.25 + 0.75 * share));
// What speaks against: from deep to light blue.
export const coldTable = tableOf((share) => [20 + 150 * share ** 2, 70 + 155 * share, 175 + 80 * share]);

// The scale as CSS, from nothing to what saturates the colour; with what speaks against, from that on.
/** @param {boolean} signed */
export const heatGradient = (signed) => {
  const shares = [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1];
  const against = signed ? shares.slice(1).reverse() : [];
  const stops = [...against.map((share) => -share), ...shares];
  const colours = stops.map((share) => {
    const table = share < 0 ? coldTable : heatTable;
    const at = 4 * Math.round(255 * Math.abs(share));
    const place = signed ? (1 + share) / 2 : share;
    return `rgba(${[...table.subarray(at, at + 3), (table[at + 3] / 255).toFixed(2)]}) ${Math.round(100 * place)}%`;
  });
  return `linear-gradient(to right, ${colours.join(",")})`;
};
