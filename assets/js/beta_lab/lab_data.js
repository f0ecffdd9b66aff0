// What the server measured over beta (dashboard/beta_lab/service.py): rows over beta by place, where place 0 is all
// findings together.
import { floats } from "../lib/bytes.js";
import { fromTo, number, signed } from "../lib/format.js";
import { findingName, ifDefined, t } from "../lib/i18n.js";

/** @import { Interval, Modality } from "../lib/types.d.ts" */
/** @import * as m from "../lib/messages.d.ts" */

/** @param {number} value */
const known = (value) => (Number.isNaN(value) ? null : value); // Plotly leaves a gap

// The lab has the fields of the message.
const Told = /** @type {new () => m.Lab} */ (class {});

export class LabData extends Told {
  /** @param {m.Lab} message */
  constructor(message) {
    super();
    Object.assign(this, message);
    const block = floats(message.block);
    this.rows = Object.fromEntries(
      Object.entries(message.arrays).map(([name, [offset, rows, ...rest]]) => {
        const width = rest.reduce((a, b) => a * b, 1);
        return [
          name,
          Array.from({ length: rows }, (_, row) => block.subarray(offset + row * width, offset + (row + 1) * width)),
        ];
      }),
    );
  }

  get count() {
    return this.betas.length;
  }

  /** @param {number} beta */
  nearest(beta) {
    return Math.min(this.count - 1, Math.max(0, Math.round(beta * (this.count - 1))));
  }

  /** @param {number} place */
  label(place) {
    return place ? findingName(this.names[place]) : t("lab.macro");
  }

  // A quantity with its interval, as lists over beta.
  /** @param {number} place @param {string} name */
  band(place, name) {
    const [value, low, high] = this.rows[`${place}.${name}`].map((row) => Array.from(row, known));
    return { value, low, high };
  }

  /** @param {number} place @param {string} name @param {number} index */
  at(place, name, index) {
    const [value, low, high, p] = this.rows[`${place}.${name}`].map((row) => known(row[index]));
    return { value, low, high, p };
  }

  /** @param {number} place */
  bestIndex(place) {
    const [best] = this.best[place];
    return best === null ? null : this.nearest(best);
  }

  // The place of the finding that a blend serves best: at its best beta, which lies inside, the lesser of its gains
  // over either modality alone is the largest. That of all findings together where a blend serves none.
  get bestBlend() {
    const gains = this.names.map((_, place) => {
      const best = this.bestIndex(place);
      if (!place || !best || best === this.count - 1) return 0;
      return Math.min(this.at(place, "image", best).value ?? 0, this.at(place, "report", best).value ?? 0);
    });
    const most = Math.max(...gains);
    return most > 0 ? gains.indexOf(most) : 0;
  }

  // How AUROC at a beta stands to that of one modality alone, as the end of a phrase's key
  // (model/evaluation/beta_curves.py).
  /** @param {number} place @param {Modality} modality @param {number} index */
  verdict(place, modality, index) {
    return this.verdicts[place][modality][index];
  }

  // The bins that hold studies: predicted and observed shares with their interval, and how many.
  /** @param {number} place @param {number} index */
  reliability(place, index) {
    const bins = this.rows[`${place}.reliability`][0].length / this.count;
    const [count, predicted, value, low, high] = this.rows[`${place}.reliability`].map((row) =>
      row.subarray(index * bins, (index + 1) * bins),
    );
    return Array.from(count.keys())
      .filter((bin) => count[bin] > 0)
      .map((bin) => ({
        count: count[bin],
        predicted: predicted[bin],
        value: value[bin],
        low: known(low[bin]) ?? value[bin],
        high: known(high[bin]) ?? value[bin],
      }));
  }
}

// The places where a list has values, a list for each stretch of it.
/** @param {(number | null)[]} list */
export const stretches = (list) =>
  list.reduce(
    (runs, value, i) => {
      if (value === null) return runs;
      if (i && list[i - 1] !== null) runs.at(-1).push(i);
      else runs.push([i]);
      return runs;
    },
    /** @type {number[][]} */ ([]),
  );

/** @param {number | null} value */
export const labFigure = (value) => ifDefined(value, (known) => number(known, 3));
/** @param {number | null} value */
export const labSigned = (value) => ifDefined(value, (known) => signed(known, 3));
// Of a value that is defined. Resamples may say nothing of how sure it is. A narrow one gets the digits that it takes,
// and so does one that lies on one side of 0, as the words beside it say.
/** @param {Interval} given @param {(value: number, digits: number) => string} [write] @param {number} [digits] */
export const labInterval = ({ low, high }, write = number, digits = 3) => {
  if (low === null) return t("lab.no_interval");
  const ends = [3, 2, 1, 0].map((more) => [low, high].map((bound) => write(bound, digits + more)));
  const oneSided = low > 0 || high < 0;
  const clear = ends.findLast(([a, b]) => a !== b && !(oneSided && (Number(a) === 0 || Number(b) === 0)));
  const [from, to] = clear || ends[0];
  return fromTo(from, to);
};
// Two-sided. Rounding leaves it on its side of 0.05, which the words beside it go by.
/** @param {number} p */
export const labP = (p) => (p < 0.001 ? "p < 0.001" : p < 0.05 && p >= 0.0495 ? "p < 0.05" : `p = ${number(p, 3)}`);
