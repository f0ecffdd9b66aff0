// The one axis of the small charts: where their values are, linear, or logarithmic for errors, which may be 0.
const STEPS = [1, 2, 5, 10];
const TICKS = 3; // about so many steps of a linear axis

/** @typedef {{ ticks: number[], place: (value: number) => number, say: (tick: number) => string }} Axis places from 0,
 * the bottom, to 1 */

// Of values from 0 to 1; null of none.
/** @param {number[]} values @returns {Axis | null} */
export const linearAxis = (values) => {
  if (!values.length) return null;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const wanted = Math.max(most - least, 0.001) / TICKS;
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const step = STEPS.map((n) => n * decade).find((one) => one >= wanted * (1 - 1e-9));
  const last = Math.max(Math.ceil(most / step - 1e-6), 1);
  const first = Math.min(Math.floor(least / step + 1e-6), last - 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(9)));
  return { ticks, place: (value) => (value / step - first) / (last - first), say: String };
};

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** @param {number} power below 0 */
const raised = (power) => `⁻${String(-power).replace(/\d/g, (digit) => RAISED[Number(digit)])}`;

// By decades. What is 0, which has no logarithm, lies at the bottom, a decade below the least of the others.
/** @param {number[]} values @returns {Axis | null} */
export const logAxis = (values) => {
  const some = values.filter((value) => value > 0);
  if (!some.length) return linearAxis(values);
  const first = Math.floor(Math.log10(Math.min(...some)) + 1e-6);
  const last = Math.max(Math.ceil(Math.log10(Math.max(...some)) - 1e-6), first + 1);
  const bottom = some.length < values.length ? first - 1 : first;
  const decades = Array.from({ length: last - first + 1 }, (_, i) => Number((10 ** (first + i)).toPrecision(1)));
  return {
    ticks: bottom < first ? [0, ...decades] : decades,
    place: (value) => (value > 0 ? (Math.log10(value) - bottom) / (last - bottom) : 0),
    say: (tick) => (tick && tick < 0.01 ? `10${raised(Math.round(Math.log10(tick)))}` : String(tick)),
  };
};
