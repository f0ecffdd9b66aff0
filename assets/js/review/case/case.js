// One explained case as dashboard/ui/payload.py packed it: a JSON header and one block of float32. Where it was
// changed, `original` is the case as it came, explained alike; it is `beside` the case then, unless another one is.
import { floats, part } from "../../lib/bytes.js";
import { rowAt } from "./nodes.js";

/** @import { Beside, Modality } from "../../lib/types.d.ts" */
/** @import * as m from "../../lib/messages.d.ts" */

const NEAREST = 1e-7; // to 0 or 1 that a probability of single precision comes and still has a logit

/** @typedef {{ values: Float32Array, shape: number[] }} Stored */
/** @typedef {m.Evidence & Pick<m.Stage, "findings" | "single" | "chosen" | "case">} Evidence */
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
    /** @type {Beside | null} */
    this.beside = null;
    if (!("original" in message) || !message.original) return;
    const { findings, single, chosen, case: id } = this;
    this.original = new Case({ findings, single, chosen, case: id, ...message.original }, before?.original);
    this.beside = { side: this.original, isPinned: false, at: (beta) => beta };
  }

  // The β that decides, where the slider stands at one: that of its only modality where it has not both.
  /** @param {number} beta */
  betaFor(beta) {
    if (this.modalities.length === 2) return beta;
    return this.modalities[0] === "image" ? 1 : 0;
  }

  // A quantity stored at the nodes of beta, at any beta; null where the case has none.
  /** @param {string} name @param {number} beta */
  at(name, beta) {
    const array = this.arrays[name];
    if (!array) return null;
    const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
    return rowAt(this.nodes, array.values, width, beta);
  }

  /** @param {number} beta @param {number} [finding] */
  probability(beta, finding = this.index) {
    return this.along("curve", beta, finding);
  }

  // log(p / (1 − p)), which still moves where p has come to 1.
  /** @param {number} beta @param {number} [finding] */
  logit(beta, finding = this.index) {
    return this.along("curve_logits", beta, finding);
  }

  // The curve is stored at every step of the slider: these are the model's own numbers, not interpolated ones.
  /** @param {"curve" | "curve_logits"} name @param {number} beta @param {number} finding */
  along(name, beta, finding) {
    const {
      values,
      shape: [steps, findings],
    } = this.arrays[name];
    const at = Math.max(0, Math.min(1, beta)) * (steps - 1);
    const low = Math.floor(at + 1e-9);
    const high = Math.min(steps - 1, low + 1);
    const share = Math.max(0, at - low);
    return values[low * findings + finding] * (1 - share) + values[high * findings + finding] * share;
  }

  // Puts the model's own numbers at beta in place of those that were sent.
  /** @param {number} beta @param {number[]} probabilities */
  correct(beta, probabilities) {
    const { curve, curve_logits: logits } = this.arrays;
    const [steps, findings] = curve.shape;
    const at = Math.round(beta * (steps - 1)) * findings;
    curve.values.set(probabilities, at);
    const inside = probabilities.map((p) => Math.min(1 - NEAREST, Math.max(NEAREST, p)));
    logits.values.set(
      inside.map((p) => Math.log(p / (1 - p))),
      at,
    );
  }

  // Whether what is shown of a modality is by what costs nothing, until the chosen method has an answer.
  /** @param {Modality} modality */
  isProvisional(modality) {
    const shown = this.methods?.[modality];
    return Boolean(shown) && shown !== this.chosen[modality];
  }

  // Whether a finding is what the model reports at beta; see model/inference/decision.py.
  /** @param {number} beta @param {number} [finding] */
  isReported(beta, finding = this.index) {
    const p = this.probability(beta, finding);
    if (!this.single) return p >= 0.5;
    return this.findings.every((_, i) => this.probability(beta, i) <= p);
  }

  // What is decided on a finding at beta, as the key of a phrase.
  /** @param {number} beta @param {number} [finding] */
  verdict(beta, finding = this.index) {
    if (this.single) return this.isReported(beta, finding) ? "verdict.first" : "verdict.not_first";
    return this.isReported(beta, finding) ? "verdict.present" : "verdict.absent";
  }
}
