"""Bootstrap over groups of studies, such as patients: metrics of every resample at once, without touching the studies.

A resample is how often it counts each study (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Metrics
take such counts as weights, sort once, and agree with scikit-learn's given the same `sample_weight`.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from model.evaluation.figures import json_numbers

Counts = Int[np.ndarray, "rows studies"]  # how often each row, the sample or a resample, counts each study

RESAMPLES = 1000
# Times a study is counted, over all resamples, that are held at once (8 bytes each): a split of more than 20,000
# studies gets fewer resamples, as its bands are narrow.
MOST_COUNTS = 20_000_000
FEWEST_RESAMPLES = 200
# Patients with a finding, and without it: resamples of fewer are often all alike, which says nothing of other patients
# (Efron and Tibshirani 1993, section 7.4, on when the bootstrap fails).
LEAST = 10


class Band(NamedTuple):
    """A quantity and its 95 % bootstrap interval. NaN where it is undefined; the bounds are NaN also where a value has
    no interval, as resamples say nothing of how sure it is."""

    value: Float[np.ndarray, "*axes"]
    low: Float[np.ndarray, "*axes"]
    high: Float[np.ndarray, "*axes"]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, or lists of them; None for what is undefined."""
        return {name: json_numbers(part) for name, part in self._asdict().items()}

    def bare(self, where: np.ndarray | np.bool_ | bool = True) -> "Band":
        """Without its interval, everywhere or where it is said."""
        return Band(self.value, *(np.where(where, np.nan, bound) for bound in (self.low, self.high)))


class Gain(NamedTuple):
    """How far a quantity lies above another one, and the two-sided p-value of there being no difference: below 0.05
    exactly where the interval leaves out 0; NaN where there is no interval, or where the patients are too few."""

    difference: Band
    p: Float[np.ndarray, "*axes"]


def resample(groups: tuple[str, ...], n: int, seed: int = 0) -> Int[np.ndarray, "n studies"]:
    """How often each of n resamples counts each study: as many groups as there are, drawn with replacement, whole."""
    names, group_of = np.unique(np.array(groups), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
    return drawn[:, group_of]


def counts_of(groups: tuple[str, ...], n: int = RESAMPLES, seed: int = 0) -> Counts:
    """How often each study is counted: once in row 0, then n resamples, or fewer of very many studies."""
    n = int(np.clip(MOST_COUNTS // max(len(groups), 1), FEWEST_RESAMPLES, n))
    return np.vstack([np.ones((1, len(groups)), int), resample(groups, n, seed)])


def auroc(labels: np.ndarray, scores: Float[np.ndarray, "studies"], counts: Counts) -> Float[np.ndarray, "rows"]:
    """Area under the ROC curve for each row of counts; ties count half. NaN where a row lacks one of the classes."""
    _, positive, all_ = by_falling_score(labels, scores, counts)
    negative = all_ - positive
    wins = positive * (negative.sum(1, keepdims=True) - negative.cumsum(1) + negative / 2)
    pairs = positive.sum(1) * negative.sum(1)
    return _ratio(wins.sum(1), pairs)


def aurocs(
    labels: Float[np.ndarray, "studies findings"],
    scores: Float[np.ndarray, "studies findings"],
    counts: Counts,
) -> Float[np.ndarray, "findings rows"]:
    """`auroc` of each finding."""
    return np.stack([auroc(truth, s, counts) for truth, s in zip(labels.T, scores.T, strict=True)])


def average_precision(
    labels: np.ndarray, scores: Float[np.ndarray, "studies"], counts: Counts
) -> Float[np.ndarray, "rows"]:
    """Mean of the precision at every positive study for each row of counts. NaN where a row has none."""
    _, positive, all_ = by_falling_score(labels, scores, counts)
    precision = positive.cumsum(1) / np.maximum(all_.cumsum(1), 1)
    return _ratio((positive * precision).sum(1), positive.sum(1))


def interval(samples: Float[np.ndarray, "rows *axes"]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of the 95 % percentile interval over rows. Resamples without a value (NaN) are left out;
    where fewer are left than that takes (40), the bounds are NaN.

    They are order statistics, those of which `p_of_none` is just not below 0.05 (Davison and Hinkley, Bootstrap
    Methods and their Application, 1997, sections 4.2 and 5.3), so that an interval and a p-value never disagree.
    """
    ordered, n = np.sort(samples, axis=0), (~np.isnan(samples)).sum(0)  # NaN comes last
    rank = np.ceil(np.round((1 - 0.95) / 2 * (n + 1), 9)).astype(int) - 1  # of the bound, from its end
    at = np.stack([rank - 1, n - rank]).clip(0, len(samples) - 1)
    low, high = np.where(rank > 0, np.take_along_axis(ordered, at, 0), np.nan)
    return np.asarray(low), np.asarray(high)


def p_of_none(differences: Float[np.ndarray, "rows *axes"]) -> Float[np.ndarray, "*axes"]:
    """Two-sided bootstrap p-value of there being no difference, from the differences in resamples: twice the smaller of
    the shares that lie at or beyond 0 on either side, the sample itself among them; NaN without a resample."""
    n = (~np.isnan(differences)).sum(0)
    beyond = np.minimum((differences <= 0).sum(0), (differences >= 0).sum(0))
    return np.where(n > 0, np.minimum(2 * (1 + beyond) / (n + 1), 1), np.nan)


def band(samples: Float[np.ndarray, "rows *axes"], side: int = LEAST) -> Band:
    """Row 0 is the value, the others are its resamples; `not_too_sure`.

    Args:
        side: `smaller_side` of what is measured: resamples of one patient with a finding are alike, whatever they say.
    """
    found = not_too_sure(Band(np.asarray(samples[0], float), *interval(samples[1:])))
    return found if side > 1 else found.bare()


def not_too_sure(found: Band) -> Band:
    """Without an interval (NaN) where its width is 0: that would look like certainty, and says that these patients are
    too few, or too easy, to show how sure the value is."""
    return found.bare(found.low == found.high)


def gain(differences: Float[np.ndarray, "rows *axes"], side: int = LEAST) -> Gain:
    """How far one quantity lies above another in the sample (row 0), and in the same resamples.

    Args:
        side: see `band`; below LEAST nothing is said of chance.
    """
    found = band(differences, side)
    unsaid = np.isnan(found.low) | (side < LEAST)
    return Gain(found, np.where(unsaid, np.nan, p_of_none(differences[1:])))


def smaller_side(labels: Float[np.ndarray, "studies"], groups: tuple[str, ...]) -> int:
    """The number of groups (patients) with a positive study, or of those with a negative one where they are fewer."""
    return min(len({g for g, yes in zip(groups, labels, strict=True) if (yes > 0) == side}) for side in (True, False))


def macro(values: Float[np.ndarray, "findings *axes"]) -> Float[np.ndarray, "*axes"]:
    """The mean over the findings for which a value is defined; NaN where there is none."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(0) / np.where(defined.any(0), defined.sum(0), np.nan)


def by_falling_score(
    labels: np.ndarray, scores: np.ndarray, counts: np.ndarray
) -> tuple[Float[np.ndarray, "levels"], Float[np.ndarray, "rows levels"], Float[np.ndarray, "rows levels"]]:
    """Each score, the highest first, and how many positive studies, and how many at all, have it."""
    order = np.argsort(-scores, kind="stable")
    falling, weights = scores[order], counts[:, order].astype(float)
    starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    positive = np.add.reduceat(weights * (labels[order] > 0), starts, 1)
    return falling[starts], positive, np.add.reduceat(weights, starts, 1)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
