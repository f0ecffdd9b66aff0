"""The β lab: how well a model decides at every β, how sure that is, and which β is best.

Patients are resampled, not studies, and the same resamples serve every β: bands hold for new patients, and the
difference between two β is a paired one (Efron and Tibshirani 1993, chapters 6 and 16).
"""

from functools import reduce
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from model.config import SINGLE_LABEL
from model.evaluation.bootstrap import (
    LEAST,
    RESAMPLES,
    Band,
    Gain,
    auroc,
    average_precision,
    band,
    by_falling_score,
    counts_of,
    gain,
    interval,
    macro,
    smaller_side,
)
from model.evaluation.metrics import ECE_BINS, of_decided
from model.inference.predictions import BETA_GRID, OverBeta, PerFinding, Scored
from model.network.network import Network
from model.progress import Progress
from model.training.calibration import recalibrated

SOLE_MODALITY_ROW = {"report": 0, "image": -1}  # where on the grid of β a modality decides alone
MARGIN = 0.02  # of AUROC: a gain that is surely smaller than this is none
# What the AUROC at a β is beside that of one modality alone.
ITSELF = "itself"  # it is that β
UNDEFINED = "undefined"  # there are no studies with the finding, or none without it
ALIKE = "alike"  # the same in every resample
BETTER, WORSE = "better", "worse"  # the interval of the difference leaves out 0: p < 0.05
SAME = "same"  # not better, and a gain of MARGIN lies outside the interval
UNSURE = "unsure"  # the studies cannot tell


class Reliability(NamedTuple):
    """Studies binned by their probability, at each β: how many, their mean probability, and how many have it."""

    studies: Float[np.ndarray, "betas bins"]
    predicted: Float[np.ndarray, "betas bins"]
    observed: Band  # axes: betas, bins


class Measures(NamedTuple):
    """What is known of one finding over β, or of all of them together (macro averages, pooled calibration)."""

    positives: int
    auroc: Band
    average_precision: Band
    ece: Band
    threshold: Band  # Youden's; NaN for all findings together
    reliability: Reliability
    few: bool  # too few patients with or without the finding for resamples to tell anything
    rules_out: bool  # enough for all that is averaged, so that an interval may rule out a gain
    best: Band  # the β of the highest AUROC; its interval holds all that are as high. No axes; NaN without AUROC
    gains: dict[str, Gain]  # over "report" alone and "image" alone

    @property
    def best_index(self) -> int:
        """The place of the best β on the grid; of an even blend where AUROC is undefined."""
        return int(np.argmin(np.abs(np.array(BETA_GRID) - np.nan_to_num(self.best.value, nan=0.5))))

    def verdicts(self, modality: str) -> tuple[str, ...]:
        """What AUROC at each β is beside that of one modality alone, in a word that its interval and p-value agree
        with: see ITSELF and those that follow it."""
        found = self.gains[modality]
        alone = SOLE_MODALITY_ROW[modality]
        said = [self._verdict(*map(float, of_beta)) for of_beta in zip(*found.difference, strict=True)]
        said[alone] = UNDEFINED if np.isnan(self.auroc.value[alone]) else ITSELF
        return tuple(said)

    def alone_suffices(self) -> tuple[str, ...]:
        """The modalities that do as well alone: better than chance, not surpassed beyond chance by the best β, and
        surely by less than MARGIN or in no resample. Where the data cannot tell, none is named."""
        return tuple(
            modality
            for modality in self.gains
            if not self.few
            and self._beats_chance(SOLE_MODALITY_ROW[modality])
            and self.verdicts(modality)[self.best_index] in (ITSELF, ALIKE, SAME)
        )

    def _verdict(self, value: float, low: float, high: float) -> str:
        if np.isnan(value):
            return UNDEFINED
        if self.few:
            return UNSURE
        if np.isnan(low):
            return UNSURE if value else ALIKE
        if low > 0:
            return BETTER
        if high < 0:
            return WORSE
        return SAME if self.rules_out and high < MARGIN else UNSURE

    def _beats_chance(self, at: int) -> bool:
        """Where every resample gave the same, it was above ½ in all of them."""
        low = self.auroc.low[at]
        return bool((self.auroc.value[at] if np.isnan(low) else low) > 0.5)


class Lab(NamedTuple):
    """Measures over β on some studies, and what each of them was given."""

    betas: tuple[float, ...]
    findings: tuple[str, ...]
    patients: int
    resamples: int
    overall: Measures
    per_finding: dict[str, Measures]
    study_ids: tuple[str, ...]
    labels: PerFinding
    probabilities: OverBeta


class _Samples(NamedTuple):
    """Metrics of one finding: row 0 on the studies as they are, then a row a resample."""

    auroc: Float[np.ndarray, "rows betas"]
    average_precision: Float[np.ndarray, "rows betas"]
    threshold: Float[np.ndarray, "rows betas"]
    bins: Float[np.ndarray, "rows betas 3 bins"]  # sums of 1, of the probability, of the label


def measure_over_beta(
    network: Network,
    scored: Scored,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Progress = iter,
    chose: Bool[np.ndarray, "n"] | None = None,
) -> Lab:
    """Measure a network at every β of BETA_GRID by what was said of studies.

    Discordant studies are left out: no one label judges both their parts.

    Args:
        progress: wraps the loop over findings.
        chose: the studies that the network's temperature was fitted to; their calibration is cross-fitted.
    """
    concordant, findings = scored.concordant(), network.config.findings
    labels, probabilities = concordant.labels(findings), concordant.probabilities(network)
    calibrated = probabilities
    if chose is not None:
        calibrated = recalibrated(scored, chose, network).concordant().probabilities(network)
    groups = tuple(s.patient_id for s in concordant.studies)
    counts = counts_of(groups, resamples, seed)
    samples = {
        f: _samples(labels[:, i], probabilities[:, :, i], calibrated[:, :, i], counts)
        for i, f in enumerate(progress(findings))
    }
    if network.config.problem_type == SINGLE_LABEL:  # calibration is that of the finding decided for (Guo et al. 2017)
        pooled = np.stack([_binned(*of_decided(labels, p), counts) for p in calibrated], 1)
    else:
        pooled = reduce(np.add, (s.bins for s in samples.values()))
    sides = [smaller_side(labels[:, i], groups) for i in range(len(findings))]
    return Lab(
        betas=BETA_GRID,
        findings=findings,
        patients=len(set(groups)),
        resamples=len(counts) - 1,
        overall=_summary(int(labels.any(1).sum()), sides, _mean(samples, pooled)),
        per_finding={
            f: _summary(int(labels[:, i].sum()), sides[i : i + 1], samples[f]) for i, f in enumerate(findings)
        },
        study_ids=tuple(s.study_id for s in concordant.studies),
        labels=labels,
        probabilities=probabilities,
    )


def youden_threshold(
    labels: Float[np.ndarray, "n"], scores: Float[np.ndarray, "n"], counts: np.ndarray
) -> Float[np.ndarray, "rows"]:
    """The score from which on to decide "present", so that sensitivity + specificity is highest (Youden 1950).

    Args:
        counts: (rows, n): how often each study is counted.

    Returns:
        One of the scores for each row; NaN where no positive or no negative study is counted.
    """
    levels, positive, all_ = by_falling_score(labels, scores, counts)
    positive, negative = positive.cumsum(1), (all_ - positive).cumsum(1)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a kind is missing
        j = positive / positive[:, -1:] - negative / negative[:, -1:]
    best = levels[np.where(np.isnan(j), -1, j).argmax(1)]
    return np.where(np.isnan(j).any(1), np.nan, best).astype(float)


def best_beta(auroc_over_beta: Float[np.ndarray, "rows betas"]) -> Float[np.ndarray, "rows 3"]:
    """The β of the highest AUROC in each row: of several as high the most even blend, the smallest, the largest. NaN
    where AUROC is nowhere defined."""
    filled = np.where(np.isnan(auroc_over_beta), -1, auroc_over_beta)
    highest = filled >= filled.max(1, keepdims=True) - 1e-9
    even = np.where(highest, np.abs(np.array(BETA_GRID) - 0.5), np.inf).argmin(1)
    last = len(BETA_GRID) - 1 - highest[:, ::-1].argmax(1)
    best = np.array(BETA_GRID)[np.stack([even, highest.argmax(1), last], 1)]
    return np.where(filled.max(1, keepdims=True) < 0, np.nan, best)


def _samples(truth: np.ndarray, scores: np.ndarray, calibrated: np.ndarray, counts: np.ndarray) -> _Samples:
    return _Samples(
        np.stack([auroc(truth, s, counts) for s in scores], 1),
        np.stack([average_precision(truth, s, counts) for s in scores], 1),
        np.stack([youden_threshold(truth, s, counts) for s in scores], 1),
        np.stack([_binned(truth, s, counts) for s in calibrated], 1),
    )


def _binned(truth: np.ndarray, confidence: np.ndarray, counts: np.ndarray) -> Float[np.ndarray, "rows 3 bins"]:
    """Per bin of equal width: how many studies, the sum of their probabilities, how many have the finding."""
    member = np.eye(ECE_BINS)[np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)]
    columns = np.hstack([member, member * confidence[:, None], member * truth[:, None]])
    return (counts @ columns).reshape(len(counts), 3, ECE_BINS)


def _mean(samples: dict[str, _Samples], bins: np.ndarray) -> _Samples:
    """Macro averages over the findings that are defined in a resample."""
    area = macro(np.stack([s.auroc for s in samples.values()]))
    precision = macro(np.stack([s.average_precision for s in samples.values()]))
    return _Samples(area, precision, np.full(area.shape, np.nan), bins)


def _summary(positives: int, sides: list[int], samples: _Samples) -> Measures:
    """
    Args:
        sides: of each finding in it, the patients with it or without it, whichever are fewer.
    """
    count, predicted, observed = np.moveaxis(samples.bins, 2, 0)  # rows, betas, bins each
    with np.errstate(invalid="ignore"):
        ece = np.abs(predicted - observed).sum(2) / count.sum(2)
        shown = Reliability(count[0], predicted[0] / count[0], band(observed / count))
    most = max(sides, default=0)
    return Measures(
        positives=positives,
        auroc=band(samples.auroc, most),
        average_precision=band(samples.average_precision, most),
        ece=band(ece),
        threshold=band(samples.threshold, most),
        reliability=shown,
        few=most < LEAST,
        rules_out=min((n for n in sides if n), default=0) >= LEAST,
        best=_best(samples.auroc, most),
        gains={
            modality: gain(samples.auroc - samples.auroc[:, [at]], most) for modality, at in SOLE_MODALITY_ROW.items()
        },
    )


def _best(auroc_over_beta: np.ndarray, side: int) -> Band:
    """Where several β are as high in a resample, the interval holds them all."""
    best = best_beta(auroc_over_beta)
    (low, _), (_, high) = (interval(best[1:, i]) for i in (1, 2))
    return Band(np.asarray(best[0, 0]), low, high).bare((low == high) | (side < 2))
