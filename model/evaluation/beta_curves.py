"""The β lab: how well a model decides at every β, how sure that is, and which β is best.

Patients are resampled, not studies, and the same resamples serve every β: bands hold for new patients, and the
difference between two β is a paired one (Efron and Tibshirani 1993, chapters 6 and 16).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.bootstrap import RESAMPLES, Band, auroc, average_precision, band, counts_of, macro
from model.config import SINGLE_LABEL
from model.evaluate import ECE_BINS
from model.network import Network
from model.reference import Progress
from model.scored import BETAS, Scored

ALONE = {"report": 0, "image": -1}  # where on the grid of β a modality decides alone
MARGIN = 0.02  # of AUROC: a gain that is surely smaller than this is none


class Gain(NamedTuple):
    """AUROC at each β above that of one modality alone, and the one-sided p-value of there being no gain."""

    difference: Band  # axes: betas
    p: Float[np.ndarray, "betas"]


class Reliability(NamedTuple):
    """Studies binned by their probability, at each β: how many, their mean probability, and how many have it."""

    count: Float[np.ndarray, "betas bins"]
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
    best: Band  # the β of the highest AUROC; its interval holds all that are as high. No axes; NaN without AUROC
    gains: dict[str, Gain]  # over "report" alone and "image" alone

    @property
    def best_index(self) -> int:
        """The place of the best β on the grid; of an even blend where AUROC is undefined."""
        return int(np.argmin(np.abs(np.array(BETAS) - np.nan_to_num(self.best.value, nan=0.5))))

    def alone_suffices(self) -> tuple[str, ...]:
        """The modalities that do as well alone: better than chance, not surpassed beyond chance by the best β, and
        surely by less than MARGIN. Where the data cannot tell, none is named."""
        at = self.best_index
        return tuple(
            modality
            for modality, gain in self.gains.items()
            if self.auroc.low[ALONE[modality]] > 0.5
            and gain.difference.low[at] <= 0
            and gain.difference.high[at] < MARGIN
        )


class Lab(NamedTuple):
    """Measures over β on some studies, and what each of them was given."""

    betas: tuple[float, ...]
    findings: tuple[str, ...]
    patients: int
    resamples: int
    overall: Measures
    per_finding: dict[str, Measures]
    study_ids: tuple[str, ...]
    labels: Float[np.ndarray, "n findings"]
    probabilities: Float[np.ndarray, "betas n findings"]


class _Samples(NamedTuple):
    """Metrics of one finding: row 0 on the studies as they are, then a row a resample."""

    auroc: Float[np.ndarray, "rows betas"]
    average_precision: Float[np.ndarray, "rows betas"]
    threshold: Float[np.ndarray, "rows betas"]
    bins: Float[np.ndarray, "rows betas 3 bins"]  # sums of 1, of the probability, of the label


def measure(
    network: Network, scored: Scored, resamples: int = RESAMPLES, seed: int = 0, progress: Progress = iter
) -> Lab:
    """Measure a network at every β of BETAS by what was said of studies.

    Discordant studies are left out: no one label judges both their parts.

    Args:
        progress: wraps the loop over findings.
    """
    kept, findings = scored.concordant(), network.config.findings
    labels, probabilities = kept.labels(findings), kept.probabilities(network)
    groups = tuple(s.patient_id for s in kept.studies)
    counts = counts_of(groups, resamples, seed)
    samples = {f: _samples(labels[:, i], probabilities[:, :, i], counts) for i, f in enumerate(progress(findings))}
    single = network.config.problem_type == SINGLE_LABEL
    pooled = _of_decided(labels, probabilities, counts) if single else sum(s.bins for s in samples.values())
    return Lab(
        betas=BETAS,
        findings=findings,
        patients=len(set(groups)),
        resamples=len(counts) - 1,
        overall=_summary(int(labels.any(1).sum()), _mean(samples, pooled)),
        per_finding={f: _summary(int(labels[:, i].sum()), samples[f]) for i, f in enumerate(findings)},
        study_ids=tuple(s.study_id for s in kept.studies),
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
    order = np.argsort(-scores, kind="stable")
    falling, truth, weight = scores[order], labels[order], counts[:, order]
    starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    ends = np.append(starts[1:], len(falling)) - 1  # ties are decided alike
    positive = (weight * truth).cumsum(1)[:, ends]
    negative = (weight * (1 - truth)).cumsum(1)[:, ends]
    with np.errstate(invalid="ignore"):  # 0 / 0 where a kind is missing
        j = positive / positive[:, -1:] - negative / negative[:, -1:]
    best = falling[starts][np.where(np.isnan(j), -1, j).argmax(1)]
    return np.where(np.isnan(j).any(1), np.nan, best).astype(float)


def best_beta(auroc_over_beta: Float[np.ndarray, "rows betas"]) -> Float[np.ndarray, "rows 3"]:
    """The β of the highest AUROC in each row: of several as high the most even blend, the smallest, the largest. NaN
    where AUROC is nowhere defined."""
    filled = np.where(np.isnan(auroc_over_beta), -1, auroc_over_beta)
    highest = filled >= filled.max(1, keepdims=True) - 1e-9
    even = np.where(highest, np.abs(np.array(BETAS) - 0.5), np.inf).argmin(1)
    last = len(BETAS) - 1 - highest[:, ::-1].argmax(1)
    best = np.array(BETAS)[np.stack([even, highest.argmax(1), last], 1)]
    return np.where(filled.max(1, keepdims=True) < 0, np.nan, best)


def _samples(truth: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> _Samples:
    return _Samples(
        np.stack([auroc(truth, s, counts) for s in scores], 1),
        np.stack([average_precision(truth, s, counts) for s in scores], 1),
        np.stack([youden_threshold(truth, s, counts) for s in scores], 1),
        np.stack([_binned(truth, s, counts) for s in scores], 1),
    )


def _binned(truth: np.ndarray, confidence: np.ndarray, counts: np.ndarray) -> Float[np.ndarray, "rows 3 bins"]:
    """Per bin of equal width: how many studies, the sum of their probabilities, how many have the finding."""
    member = np.eye(ECE_BINS)[np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)]
    columns = np.hstack([member, member * confidence[:, None], member * truth[:, None]])
    return (counts @ columns).reshape(len(counts), 3, ECE_BINS)


def _of_decided(labels: np.ndarray, probabilities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Single-label calibration is that of the finding decided for (Guo et al. 2017)."""
    choice = probabilities.argmax(2)
    each = np.arange(len(labels))
    return np.stack(
        [_binned(labels[each, c], p[each, c], counts) for c, p in zip(choice, probabilities, strict=True)], 1
    )


def _mean(samples: dict[str, _Samples], bins: np.ndarray) -> _Samples:
    """Macro averages over the findings that are defined in a resample."""

    area = macro(np.stack([s.auroc for s in samples.values()]))
    precision = macro(np.stack([s.average_precision for s in samples.values()]))
    return _Samples(area, precision, np.full(area.shape, np.nan), bins)


def _summary(positives: int, samples: _Samples) -> Measures:
    count, predicted, observed = np.moveaxis(samples.bins, 2, 0)  # rows, betas, bins each
    with np.errstate(invalid="ignore"):
        ece = np.abs(predicted - observed).sum(2) / count.sum(2)
        shown = Reliability(count[0], predicted[0] / count[0], band(observed / count))
    return Measures(
        positives=positives,
        auroc=band(samples.auroc),
        average_precision=band(samples.average_precision),
        ece=band(ece),
        threshold=band(samples.threshold),
        reliability=shown,
        best=_best(samples.auroc),
        gains={modality: _gain(samples.auroc, at) for modality, at in ALONE.items()},
    )


def _best(auroc_over_beta: np.ndarray) -> Band:
    """Where several β are as high in a resample, the interval holds them all."""
    best = best_beta(auroc_over_beta)
    _, low, high = (band(best[:, i]) for i in range(3))
    return Band(np.asarray(best[0, 0]), low.low, high.high)


def _gain(auroc_over_beta: np.ndarray, alone: int) -> Gain:
    difference = auroc_over_beta - auroc_over_beta[:, [alone]]
    drawn = difference[1:]
    p = (1 + (drawn <= 0).sum(0)) / (1 + (~np.isnan(drawn)).sum(0))
    return Gain(band(difference), p)
