// The decision in one sentence: what, how sure, which modality says so, and where it flips.
import { listed, number, probability } from "../../lib/format.js";
import { findingName, t } from "../../lib/i18n.js";

/** @import { Case } from "../case/case.js" */

// Who says what is decided at beta: one that was given alone, both, one against the other, or neither, where only their
// blend does.
/** @param {Case} opened @param {number} beta */
const reasonOf = (opened, beta) => {
  if (opened.modalities.length < 2) return `only_${opened.modalities[0]}`;
  const now = opened.isReported(beta);
  const [report, image] = [0, 1].map((end) => opened.isReported(end) === now);
  if (report && image) return "both";
  return report ? "report" : image ? "image" : "neither";
};

/** @param {string} reason @param {number[]} flips */
const endOf = (reason, flips) => {
  if (reason.startsWith("only")) return t("answer.end");
  if (flips.length) return t("answer.flips", { betas: listed(flips.map((flip) => number(flip))) });
  return t(reason === "both" ? "answer.steady" : "answer.end");
};

/** @param {Case} opened @param {number} beta */
export const answerAt = (opened, beta) => {
  const reason = reasonOf(opened, beta);
  const what = opened.verdict(beta);
  const values = {
    finding: findingName(opened.finding),
    what: t(what),
    otherwise: t(`${what}.otherwise`),
    p: probability(opened.probability(beta)),
    beta: number(beta),
  };
  return t(`answer.${reason}`, values) + endOf(reason, opened.flips);
};
