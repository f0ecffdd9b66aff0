// Why a study is worth a look, in words: a reason of explain/cohort/worklist.py.
(() => {
  const B = window.BetaLens;
  const FIGURES = {
    uncertain: ([p]) => ({ p: B.probability(p) }),
    discordant: ([image, report]) => ({ image: B.probability(image), report: B.probability(report) }),
    far: ([times]) => ({ times: B.number(times, 1) }),
    error_prone: ([n, all]) => ({ n, all }),
  };
  B.reason = ({ kind, finding, values }) => B.t(`queue.${kind}`, { finding: B.findingName(finding), ...FIGURES[kind](values) });
})();
