// Why a study is worth a look, in words: a reason of explain/cohort/worklist.py.
import { number, probability } from "./format.js";
import { findingName, t } from "./i18n.js";

const FIGURES = {
  uncertain: ([p]) => ({ p: probability(p) }),
  discordant: ([image, report]) => ({ image: probability(image), report: probability(report) }),
  far: ([times]) => ({ times: number(times, 1) }),
  error_prone: ([n, all]) => ({ n, all }),
};
export const reason = ({ kind, finding, values }) =>
  t(`queue.${kind}`, { finding: findingName(finding), ...FIGURES[kind](values) });
