// Colours of what is drawn over many studies.
import { isDark } from "./theme.js";

// Okabe and Ito's palette, made to be told apart by colour-blind readers, then what is left; darker ones of the same
// hues for a light page. Each stands at least 3 to 1 off the page (WCAG 1.4.11).
const ON_DARK = [
  "#56b4e9",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#d55e00",
  "#f0e442",
  "#0072b2",
  "#b3d465",
  "#9a8cff",
  "#ff9da7",
  "#8c8c8c",
  "#c7b299",
];
const ON_LIGHT = [
  "#2b8fc9",
  "#b87a00",
  "#00815e",
  "#b9588f",
  "#d55e00",
  "#8c8300",
  "#004f7d",
  "#5f8a12",
  "#7565f2",
  "#d8566b",
  "#767676",
  "#8d7650",
];
export const palette = () => (isDark() ? ON_DARK : ON_LIGHT);
export const NOTHING = "#7c8897"; // of what has nothing, or is not known, in either light

/** @param {string} hex */
export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// "viridis" (Smith and van der Walt 2015), after Zucker's fit; the end that would sink into the page, at
// less than 3 to 1, is left out.
const FIT = [
  [0.2777273, 0.105093, -0.3308618, -4.6342305, 6.22827, 4.776385, -5.4354558],
  [0.0054073, 1.4046135, 0.2148476, -5.799101, 14.1799334, -13.7451454, 4.6458526],
  [0.3340998, 1.3845902, 0.0950952, -19.332441, 56.6905526, -65.3530326, 26.3124352],
];
// The bytes of red, green and blue, each a polynomial of the place on the scale.
/** @param {number[][]} fit @param {number} at */
export const polynomials = (fit, at) =>
  fit.map((terms) => {
    const value = terms.reduceRight((sum, term) => sum * at + term, 0);
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  });
/** @param {number} share */
export const viridis = (share) => polynomials(FIT, isDark() ? 0.35 + 0.65 * share : 0.58 * share);
