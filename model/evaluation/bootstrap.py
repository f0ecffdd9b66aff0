"""Bootstrap over groups of studies, such as patients: metrics of every resample at once, without touching the studies.

A resample is how often it counts each study (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Metrics
take such counts as weights, sort once, and agree with scikit-learn's given the same `sample_weight`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

RESAMPLES = 1000
# Times a study is counted, over all resamples, that are held at once (8 bytes each): a split of more than 20,000
# studies gets fewer resamples, as its bands are narrow.
MOST_COUNTS = 20_000_000
FEWEST_RESAMPLES = 200


class Band(NamedTuple):
    """A quantity and its 95 % bootstrap interval. NaN where it is undefined."""

    value: Float[np.ndarray, "*axes"]
    low: Float[np.ndarray, "*axes"]
    high: Float[np.ndarray, "*axes"]


def resample(groups: tuple[str, ...], n: int = 1000, seed: int = 0) -> Int[np.ndarray, "n studies"]:
    """How often each of n resamples counts each study: as many groups as there are, drawn with replacement, whole."""
    names, group_of = np.unique(np.array(groups), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
    return drawn[:, group_of]


def counts_of(groups: tuple[str, ...], n: int = RESAMPLES, seed: int = 0) -> Int[np.ndarray, "rows studies"]:
    """How often each study is counted: once in row 0, then n resamples, or fewer of very many studies."""
    n = int(np.clip(MOST_COUNTS // max(len(groups), 1), FEWEST_RESAMPLES, n))
    return np.vstack([np.ones((1, len(groups)), int), resample(groups, n, seed)])


def auroc(
    labels: np.ndarray, scores: Float[np.ndarray, "studies"], counts: Int[np.ndarray, "rows studies"]
) -> Float[np.ndarray, "rows"]:
    """Area under the ROC curve for each row of counts; ties count half. NaN where a row lacks one of the classes."""
    positive, all_ = _by_falling_score(labels, scores, counts)
    negative = all_ - positive
    wins = positive * (negative.sum(1, keepdims=True) - negative.cumsum(1) + negative / 2)
    pairs = positive.sum(1) * negative.sum(1)
    return _ratio(wins.sum(1), pairs)


def average_precision(
    labels: np.ndarray, scores: Float[np.ndarray, "studies"], counts: Int[np.ndarray, "rows studies"]
) -> Float[np.ndarray, "rows"]:
    """Mean of the precision at every positive study for each row of counts. NaN where a row has none."""
    positive, all_ = _by_falling_score(labels, scores, counts)
    precision = positive.cumsum(1) / np.maximum(all_.cumsum(1), 1)
    return _ratio((positive * precision).sum(1), positive.sum(1))


def interval(samples: Float[np.ndarray, "rows *axes"], level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of the percentile interval over rows; resamples without a value (NaN) are left out."""
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(samples, [tail, 100 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def band(samples: Float[np.ndarray, "rows *axes"]) -> Band:
    """Row 0 is the value, the others are its resamples."""
    drawn = samples[1:].reshape(len(samples) - 1, -1)
    low, high = np.full((2, drawn.shape[1]), np.nan)
    some = ~np.isnan(drawn).all(0)
    if some.any():
        low[some], high[some] = interval(drawn[:, some])
    shape = samples.shape[1:]
    return Band(np.asarray(samples[0], float), low.reshape(shape), high.reshape(shape))


def macro(values: Float[np.ndarray, "findings *axes"]) -> Float[np.ndarray, "*axes"]:
    """The mean over the findings for which a value is defined; NaN where there is none."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(0) / np.where(defined.any(0), defined.sum(0), np.nan)


def _by_falling_score(
    labels: np.ndarray, scores: np.ndarray, counts: np.ndarray
) -> tuple[Float[np.ndarray, "rows levels"], Float[np.ndarray, "rows levels"]]:
    """How many positive studies, and how many at all, have each score, the highest first."""
    order = np.argsort(-scores, kind="stable")
    falling, weights = scores[order], counts[:, order].astype(float)
    starts = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    positive = np.add.reduceat(weights * (labels[order] > 0), starts, 1)
    return positive, np.add.reduceat(weights, starts, 1)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
