"""Is the new model better than the old one? On the same studies, which neither has learnt, patient by patient.

The interval of the change is the jackknife's over patients (Tukey 1958; for areas under the ROC curve Arvesen 1969): it
depends on no seed, and so does whoever decides by it.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm, t

from model.evaluation.bootstrap import Band, aurocs, macro, not_too_sure
from model.evaluation.metrics import Evaluation, evaluation
from model.feedback.corrections import Correction
from model.inference.decision import decided
from model.inference.predictions import BETA_GRID, Scored
from model.network.network import Network
from model.training.calibration import cross_fitted, parts_of

GATE_BETAS = (0.0, 0.5, 1.0)
MARGIN = 0.01  # of AUROC: what a single finding may lose where the others gain
MOST_UNSEEN = 0.05  # of AUROC: where a loss of so much might not be seen, a person decides
POWER = 0.8
MOST_GROUPS = 200  # of patients, that are left out one after the other


class VersionComparison(NamedTuple):
    """Two models on the same studies."""

    before: Evaluation
    after: Evaluation
    macro: Band  # of the differences of AUROC (mean over β), after minus before; no axes
    per_finding: dict[str, Band]
    patients: int
    # The least loss of macro AUROC that would be seen with a probability of POWER, and at least 3 / patients: what
    # concerns fewer of them may be absent here by chance (Hanley and Lippman-Hand 1983). NaN where it is undefined.
    detectable: float

    def worse(self) -> tuple[str, ...]:
        """What got worse beyond the interval: "macro" where all of it lies below 0, a finding where it does and more
        than MARGIN is lost (of many findings, one loses a trifle beyond its interval by chance)."""
        lost = ("macro",) if self.macro.high < 0 else ()
        return lost + tuple(f for f, change in self.per_finding.items() if change.high < 0 and change.value < -MARGIN)

    def decides(self) -> bool:
        """Whether the studies can tell: they are enough to see a loss, or surely show a gain."""
        return bool(self.detectable <= MOST_UNSEEN or self.macro.low > 0)


def compare_scored(network: Network, before: Scored, after: Scored) -> VersionComparison:
    """Measure two models by what they said of the same concordant studies, which neither has learnt, at β = 0, ½ and 1.
    Calibration is that of both after their temperatures were fitted to these studies alike, each to the other patients'
    (cross-fitted).

    Args:
        network: whose findings these are.
    """
    labels, parts = before.labels(network.config.findings), parts_of(before.studies, MOST_GROUPS)
    groups = int(parts.max(initial=-1)) + 1
    counts = np.vstack([np.ones(len(parts), int), *(parts != part for part in range(groups))]).astype(int)
    difference = _aurocs(network, after, labels, counts) - _aurocs(network, before, labels, counts)
    changes = {f: _jackknife(rows)[0] for f, rows in zip(network.config.findings, difference, strict=True)}
    steady = [rows for rows in difference if not np.isnan(rows).any()]
    change, error = _jackknife(macro(np.stack(steady)) if steady else np.full(groups + 1, np.nan))
    patients = len({s.patient_id for s in before.studies})
    seen = (norm.ppf(0.975) + norm.ppf(POWER)) * error
    return VersionComparison(
        _measured(network, before, labels),
        _measured(network, after, labels),
        change,
        changes,
        patients,
        float(max(seen, 3 / patients)) if not math.isnan(seen) else math.nan,
    )


def share_as_corrected(network: Network, scored: Scored, corrected: dict[str, Correction], beta: float) -> float | None:
    """Of the labels that reviewers decided on these studies, the share that is decided alike at the β of the grid that
    is nearest; None without any.

    Args:
        network: whose findings these are.
    """
    findings = network.config.findings
    p = scored.probabilities(network)[int(np.abs(np.array(BETA_GRID) - beta).argmin())]
    same = [
        bool(yes) == label
        for row, study in zip(decided(p, network.config.problem_type), scored.studies, strict=True)
        for yes, finding in zip(row, findings, strict=True)
        if study.study_id in corrected and (label := corrected[study.study_id].labels.get(finding)) is not None
    ]
    return sum(same) / len(same) if same else None


def _jackknife(values: Float[np.ndarray, "rows"]) -> tuple[Band, float]:
    """Row 0 is the value, the others are without one group each: the value with its interval, and its standard error.
    Undefined where one of them is, or is alone."""
    left_out, groups = values[1:], len(values) - 1
    if groups < 2 or np.isnan(values).any():
        return Band(np.asarray(values[0]), np.asarray(np.nan), np.asarray(np.nan)), math.nan
    error = math.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum())
    reach = t.ppf(0.975, groups - 1) * error
    return not_too_sure(Band(*map(np.asarray, (values[0], values[0] - reach, values[0] + reach)))), error


def _measured(network: Network, scored: Scored, labels: np.ndarray) -> Evaluation:
    fitted, _ = cross_fitted(scored, parts_of(scored.studies), network)
    said, calibrated = (s.probabilities(network, GATE_BETAS) for s in (scored, fitted))
    return evaluation(network.config, labels, said, GATE_BETAS, calibrated)


def _aurocs(
    network: Network, scored: Scored, labels: np.ndarray, counts: Int[np.ndarray, "rows n"]
) -> Float[np.ndarray, "findings rows"]:
    """The mean over β of the AUROC of each finding in each row of counts."""
    return np.mean([aurocs(labels, p, counts) for p in scored.probabilities(network, GATE_BETAS)], 0)
