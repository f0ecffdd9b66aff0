// One explained case as dashboard/ui/payload.py packed it: a JSON header and one block of float32. Where it was
// changed, `original` is the case as it came, explained alike.
import { floats, part } from "../../lib/bytes.js";
import { rowAt } from "./nodes.js";

/** @import * as m from "../../lib/messages.d.ts" */

/** @typedef {{ values: Float32Array, shape: number[] }} Stored */
/** @typedef {m.Evidence & { findings: string[], single: boolean }} Evidence */
/** @typedef {Omit<m.Stage, "arrays" | "original" | "tier"> & { tier: string, veiled?: true, seen?: boolean }} Fields */

// A case has the fields of the message; of an original, those of its evidence.
const Told = /** @type {new () => Fields} */ (class {});

export class Case extends Told {
  // before: what was on the stage of the same case, which has the films that a message leaves out.
  /** @param {m.Stage | m.Veiled | Evidence} message @param {Case | null} [before] */
  constructor(message, before) {
    super();
    Object.assign(this, message);
    const block = floats(message.block);
    /** @type {Record<string, Stored>} */
    this.arrays = {};
    for (const [name, layout] of Object.entries(message.arrays)) {
      this.arrays[name] = { values: part(block, layout), shape: layout.slice(1) };
    }
    this.film = message.film || before?.film;
    this.index = this.findings.indexOf(this.finding);
    /** @type {Case | null} */
    this.original = null;
    if (!("original" in message) || !message.original) return;
    const { findings, single } = this;
    this.original = new Case({ findings, single, ...message.original }, before?.original);
  }

  // A quantity stored at the nodes of beta, at any beta; null where the case has none.
  /** @param {string} name @param {number} beta */
  at(name, beta) {
    const array = this.arrays[name];
    if (!array) return null;
    const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
    return rowAt(this.nodes, array.values, width, beta);
  }

  // The curve is stored at every step of the slider: these are the model's own numbers, not interpolated ones.
  /** @param {number} beta @param {number} [finding] */
  probability(beta, finding = this.index) {
    const {
      values,
      shape: [steps, findings],
    } = this.arrays.curve;
    const at = Math.max(0, Math.min(1, beta)) * (steps - 1);
    const low = Math.floor(at + 1e-9);
    const high = Math.min(steps - 1, low + 1);
    const share = Math.max(0, at - low);
    return values[low * findings + finding] * (1 - share) + values[high * findings + finding] * share;
  }

  // Puts the model's own numbers at beta in place of those that were sent.
  /** @param {number} beta @param {number[]} probabilities */
  correct(beta, probabilities) {
    const {
      values,
      shape: [steps, findings],
    } = this.arrays.curve;
    values.set(probabilities, Math.round(beta * (steps - 1)) * findings);
  }

  // What is decided on the finding at beta, as the key of a phrase.
  /** @param {number} beta */
  verdict(beta) {
    const p = this.probability(beta);
    if (!this.single) return p >= 0.5 ? "verdict.present" : "verdict.absent";
    return this.findings.every((_, i) => this.probability(beta, i) <= p) ? "verdict.first" : "verdict.not_first";
  }
}
