"""Metrics of all resamples at once are scikit-learn's of each, and resamples draw whole groups."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from model.bootstrap import auroc, average_precision, interval, resample


@pytest.mark.parametrize("decimals", [1, 6])  # many ties, none
def test_metrics_are_those_of_scikit_learn_with_the_same_weights(decimals):
    rng = np.random.default_rng(0)
    labels = (rng.random(80) < 0.3).astype(float)
    scores = (labels * 0.4 + rng.random(80)).round(decimals)
    counts = resample(tuple(f"p{i // 2}" for i in range(80)), 20)
    for row, area, precision in zip(
        counts, auroc(labels, scores, counts), average_precision(labels, scores, counts), strict=True
    ):
        assert area == pytest.approx(roc_auc_score(labels, scores, sample_weight=row), abs=1e-12)
        assert precision == pytest.approx(average_precision_score(labels, scores, sample_weight=row), abs=1e-12)


def test_a_resample_without_a_class_has_no_auroc():
    labels, scores = np.array([1.0, 0.0]), np.array([0.7, 0.2])
    counts = np.array([[2, 0], [0, 2], [1, 1]])
    np.testing.assert_array_equal(auroc(labels, scores, counts), [np.nan, np.nan, 1])
    np.testing.assert_array_equal(average_precision(labels, scores, counts), [1, np.nan, 1])


def test_groups_are_drawn_whole_and_the_same_with_one_seed():
    groups = ("a", "b", "a", "c", "c", "c")
    counts = resample(groups, 50, seed=3)
    np.testing.assert_array_equal(counts[:, 0], counts[:, 2])
    np.testing.assert_array_equal(counts[:, 3], counts[:, 5])
    assert (counts[:, [0, 1, 3]].sum(1) == 3).all()
    np.testing.assert_array_equal(counts, resample(groups, 50, seed=3))
    assert (counts != resample(groups, 50, seed=4)).any()


def test_an_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        sample = rng.normal(size=60)
        counts = resample(tuple(map(str, range(60))), 300, seed=int(rng.integers(1 << 30)))
        low, high = interval((counts * sample).sum(1) / counts.sum(1))
        covered += low <= 0 <= high
    assert 0.89 <= covered / 200 <= 0.99
