// Why a study is worth a look, in words: a reason of explain/cohort/worklist.py.
import { number, probability } from "./format.js";
import { findingName, t } from "./i18n.js";

/** @import * as m from "./messages.d.ts" */

/** @type {Record<m.ReviewReason["kind"], (values: number[]) => Record<string, string | number>>} */
const FIGURES = {
  uncertain: ([p]) => ({ p: probability(p) }),
  discordant: ([image, report]) => ({ image: probability(image), report: probability(report) }),
  far: ([times]) => ({ times: number(times, 1) }),
  error_prone: ([n, all]) => ({ n, all }),
};
/** @param {m.ReviewReason} given */
export const reason = ({ kind, finding, values }) =>
  t(`queue.${kind}`, { finding: findingName(finding), ...FIGURES[kind](values) });
