// One explained case as dashboard/ui/payload.py packed it: a JSON header and one block of float32. Where it was
// changed, `original` is the case as it came, explained alike.
import { floats, part } from "../../lib/bytes.js";
import { rowAt } from "./nodes.js";

export class Case {
  // before: what was on the stage of the same case, which has the films that a message leaves out.
  constructor(message, before) {
    Object.assign(this, message);
    const block = floats(message.block);
    this.arrays = {};
    for (const [name, layout] of Object.entries(message.arrays)) {
      this.arrays[name] = { values: part(block, layout), shape: layout.slice(1) };
    }
    this.film = message.film || before?.film;
    this.index = this.findings.indexOf(this.finding);
    if (!message.original) return;
    const { findings, single } = message;
    this.original = new Case({ findings, single, ...message.original }, before?.original);
  }

  // A quantity stored at the nodes of beta, at any beta; null where the case has none.
  at(name, beta) {
    const array = this.arrays[name];
    if (!array) return null;
    const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
    return rowAt(this.nodes, array.values, width, beta);
  }

  // The curve is stored at every step of the slider: these are the model's own numbers, not interpolated ones.
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
  correct(beta, probabilities) {
    const {
      values,
      shape: [steps, findings],
    } = this.arrays.curve;
    values.set(probabilities, Math.round(beta * (steps - 1)) * findings);
  }

  // What is decided on the finding at beta, as the key of a phrase.
  verdict(beta) {
    const p = this.probability(beta);
    if (!this.single) return p >= 0.5 ? "verdict.present" : "verdict.absent";
    return this.findings.every((_, i) => this.probability(beta, i) <= p) ? "verdict.first" : "verdict.not_first";
  }
}
