// The two axes on which a decision is drawn, for one case: where a value lies, and how it is written.
import { probability, signed } from "../../lib/format.js";
import { isKept } from "../cannot_tell.js";

/** @import { Case } from "../case/case.js" */

/**
 * @typedef {object} Axis
 * @property {"probability" | "logit"} name
 * @property {(side: Case, beta: number, finding?: number) => number} of NaN of a case whose numbers are kept back
 * @property {(value: number) => string} say
 * @property {(then: number, now: number) => string} sayChange
 * @property {(value: number) => string} tick
 * @property {number} half the value from which a finding is present
 * @property {(sides: Case[]) => [number, number]} range of all findings, for bars
 * @property {(sides: Case[], finding: number) => [number, number]} rangeOfCurve of one
 */

const UNMOVED = "=";
const KEPT = "–"; // in the place of a number that is kept back
const DIGITS = { probability: 3, logit: 2 };

// ▲ or ▼ and by how much, as the two numbers are written.
/** @param {number} then @param {number} now @param {number} digits */
export const moved = (then, now, digits) => {
  if (Number.isNaN(then - now)) return "";
  const change = Number(now.toFixed(digits)) - Number(then.toFixed(digits));
  const said = signed(change, digits);
  return /[1-9]/.test(said) ? `${change > 0 ? "▲" : "▼"}\u2009${said}` : UNMOVED;
};

/** @param {Case} side */
const logitsOf = (side) => side.arrays.curve_logits.values;

/** @type {Record<"probability" | "logit", Axis>} */
export const AXES = {
  probability: {
    name: "probability",
    of: (side, beta, finding) => (isKept(side) ? Number.NaN : side.probability(beta, finding)),
    say: (value) => (Number.isNaN(value) ? KEPT : probability(value)),
    sayChange: (then, now) => moved(then, now, DIGITS.probability),
    tick: String,
    half: 0.5,
    range: () => [0, 1],
    rangeOfCurve: () => [0, 1],
  },
  logit: {
    name: "logit",
    of: (side, beta, finding) => (isKept(side) ? Number.NaN : side.logit(beta, finding)),
    say: (value) => (Number.isNaN(value) ? KEPT : signed(value, DIGITS.logit)),
    sayChange: (then, now) => moved(then, now, DIGITS.logit),
    tick: (value) => signed(value, 0),
    half: 0,
    // As far to either side, so that one half stays in the middle, whatever beta is.
    range: (sides) => {
      let most = 1;
      for (const side of sides) for (const logit of logitsOf(side)) most = Math.max(most, Math.abs(logit));
      return [-most, most];
    },
    // As narrow as one half and the finding allow, so that its movement is seen.
    rangeOfCurve: (sides, finding) => {
      let [low, high] = [0, 0];
      for (const side of sides) {
        const count = side.findings.length;
        for (let at = finding; at < logitsOf(side).length; at += count) {
          low = Math.min(low, logitsOf(side)[at]);
          high = Math.max(high, logitsOf(side)[at]);
        }
      }
      return low === high ? [-1, 1] : [Math.floor(low), Math.ceil(high)];
    },
  },
};

// Where a value lies in a range, from 0 to 1; of one that is kept back nowhere, which is where bars begin.
/** @param {number} value @param {[number, number]} range */
export const placeIn = (value, [low, high]) =>
  Math.min(1, Math.max(0, ((Number.isNaN(value) ? Math.max(low, 0) : value) - low) / (high - low)));

// A case, and what it is beside.
/** @param {Case} opened */
export const sidesOf = (opened) => (opened.beside ? [opened, opened.beside.side] : [opened]);

const MANY = 10; // findings, up to which each keeps its row
const RARE = 0.01;

// The findings whose rows may be folded: where there are many, those below 1 % at every beta, in what the case is
// beside too. None moves in or out while beta does.
/** @param {Case} opened */
export const foldable = (opened) => {
  const { findings, index } = opened;
  if (findings.length <= MANY) return [];
  return findings
    .map((_, i) => i)
    .filter(
      (i) =>
        i !== index &&
        sidesOf(opened).every((side) =>
          side.arrays.curve.values.every((p, at) => at % findings.length !== i || p < RARE),
        ),
    );
};
