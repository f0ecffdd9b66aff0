"""Metrics of all resamples at once are scikit-learn's of each, and resamples draw whole groups."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from model.evaluation.bootstrap import auroc, average_precision, band, gain, interval, p_of_none, resample, smaller_side


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


def counted(differences: np.ndarray) -> float:
    """The two-sided p-value, by going through the resamples one by one."""
    known = [d for d in differences if not np.isnan(d)]
    lower, upper = (1 + sum(d <= 0 for d in known)), (1 + sum(d >= 0 for d in known))
    return min(1.0, 2 * min(lower, upper) / (1 + len(known)))


@pytest.mark.parametrize("rows", [39, 40, 200, 632, 999, 1000])
def test_an_interval_leaves_out_zero_exactly_where_p_is_below_a_twentieth(rows):
    rng, seen = np.random.default_rng(rows), set()
    for shift in np.linspace(-3, 3, 61):
        drawn = rng.normal(shift, 1, rows).round(1)  # ties, and many that are 0
        drawn[rng.random(rows) < 0.02] = np.nan
        (low, high), p = interval(drawn), float(p_of_none(drawn))
        assert p == pytest.approx(counted(drawn))
        known = np.sort(drawn[~np.isnan(drawn)])
        if len(known) < 40:
            assert np.isnan([low, high]).all()
            assert p >= 0.05
            continue
        assert {float(low), float(high)} <= set(known)
        assert (p < 0.05) == (low > 0 or high < 0)
        seen.add(bool(p < 0.05))
        # No narrower than the percentiles that are interpolated, by less than a rank.
        assert low <= np.percentile(known, 2.5) <= np.percentile(known, 97.5) <= high
    assert rows < 60 or seen == {True, False}


def test_a_p_value_of_no_difference_is_below_a_twentieth_in_a_twentieth_of_all_samples():
    rng, below = np.random.default_rng(2), 0
    for _ in range(400):
        sample = rng.normal(size=80)
        counts = resample(tuple(map(str, range(80))), 300, seed=int(rng.integers(1 << 30)))
        below += p_of_none((counts * sample).sum(1) / counts.sum(1)) < 0.05
    assert 0.02 <= below / 400 <= 0.09


def test_resamples_that_come_to_the_same_are_no_interval():
    same, other = np.full((201, 2), 0.75), np.random.default_rng(0).random((201, 2))
    found = band(same)
    assert found.value.tolist() == [0.75, 0.75]
    assert np.isnan([found.low, found.high]).all()
    assert found.to_json() == {"value": [0.75, 0.75], "low": [None, None], "high": [None, None]}
    assert np.isnan(gain(same - same).p).all()
    assert np.isnan(band(other, side=1)[1:]).all()
    assert np.isnan(gain(other + 1, side=9).p).all()
    sure = gain(other + 1)
    assert sure.p == pytest.approx(2 / 201)


def test_the_fewest_are_counted_by_patient():
    assert smaller_side(np.array([1.0, 1, 1, 0, 0]), ("a", "a", "b", "c", "d")) == 2
    assert smaller_side(np.array([1.0, 1, 1, 1, 0]), ("a", "a", "b", "c", "d")) == 1
    assert smaller_side(np.ones(3), ("a", "b", "c")) == 0
