// "inferno" (Smith and van der Walt 2015): perceptually uniform and ordered for colour-blind readers.
// The polynomial is Zucker's fit of the published table; its lowest quarter is left out, being as dark as the film.
import { polynomials } from "../../lib/colours.js";

// Red, green and blue.
const FIT = [
  [0.00021894, 0.10651342, 11.60249308, -41.70399613, 77.1629357, -71.31942824, 25.13112622],
  [0.001651, 0.56395644, -3.97285397, 17.43639888, -33.40235894, 32.62606426, -12.24266895],
  [-0.0194809, 3.93271239, -15.94239411, 44.3541452, -81.80730926, 73.20951986, -23.070325],
];
const table = new Uint8ClampedArray(256 * 4);
for (let i = 0; i < 256; i++) {
  const share = i / 255;
  table.set([...polynomials(FIT, 0.25 + 0.75 * share), 255 * Math.min(1, share * 2.5)], 4 * i);
}
export const heatTable = table;
export const heatGradient = () => {
  const stops = [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => {
    const at = 4 * Math.round(255 * share);
    return `rgba(${table[at]},${table[at + 1]},${table[at + 2]},${(table[at + 3] / 255).toFixed(2)})`;
  });
  return `linear-gradient(to right, ${stops.join(",")})`;
};
