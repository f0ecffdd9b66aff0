// The answer: one sentence, and below it the number, and the one of what the case is beside. Of a case of which the
// model cannot tell the sentence says why, and no word says what is decided.
import { el, write } from "../../lib/dom.js";
import { number } from "../../lib/format.js";
import { t } from "../../lib/i18n.js";
import { whyNot } from "../cannot_tell.js";
import { answerAt } from "./answer.js";
import { AXES } from "./scale.js";

/** @import { Case } from "../case/case.js" */
/** @import { Axis } from "./scale.js" */

// first: stands at the beginning of the line of numbers, and last at its end.
/** @param {HTMLElement} first @param {HTMLElement} last */
export const headView = (first, last) => {
  /** @type {Case | null} */
  let opened = null;
  let axis = AXES.probability;
  const sentence = el("h2.bl-answer");
  const before = el("span.bl-p-then.bl-num");
  const output = el("output.bl-p.bl-num");
  const change = el("span.bl-p-change.bl-num");
  const verdict = el("span.bl-verdict");
  const where = el("span.bl-muted.bl-num");
  const node = el(
    "header.bl-decision-head",
    sentence,
    el("div", first, el("span.bl-decision-p", before, output), change, verdict, where, last),
  );

  /** @param {Case} given @param {Axis} chosen */
  const load = (given, chosen) => {
    opened = given;
    axis = chosen;
  };

  /** @param {number} beta */
  const move = (beta) => {
    const { beside, index } = opened;
    const value = axis.of(opened, beta);
    const then = beside && axis.of(beside.side, beside.at(beta), index);
    const why = whyNot(opened);
    write(sentence, why || answerAt(opened, beta));
    write(before, beside ? `${axis.say(then)} → ` : "");
    write(output, axis.say(value));
    write(change, beside ? axis.sayChange(then, value) : "");
    const said = t(opened.verdict(beta));
    const was = beside ? t(beside.side.verdict(beside.at(beta), index)) : said;
    const isTold = !why && !(beside && whyNot(beside.side));
    write(verdict, said === was || !isTold ? "" : `${was} → ${said}`);
    write(where, t(`axis.at.${axis.name}`, { beta: number(beta) }));
  };

  return { node, load, move };
};
