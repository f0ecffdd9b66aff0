"""Models are compared on the same resamples, at a β that the test split did not choose."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.errors import ChoiceError
from model.evaluation.bootstrap import resample
from model.evaluation.compare_models import WAYS, Decisions, compare_models
from model.studies.table import Study

N, FINDINGS = 120, ("Effusion", "Nodule")


@pytest.fixture(scope="module")
def studies() -> tuple[Study, ...]:
    rng = np.random.default_rng(0)
    labels = rng.random((N, 2)) < (0.5, 0.3)
    return tuple(
        Study(f"s{i}", None, "", frozenset(np.array(FINDINGS)[row].tolist()), f"p{i // 2}", "test")
        for i, row in enumerate(labels)
    )


def decisions(studies, strength: float, seed: int, findings=FINDINGS) -> Decisions:
    """Probabilities that know the truth the better the higher `strength`."""
    rng = np.random.default_rng(seed)
    truth = np.array([[f in s.labels for f in findings] for s in studies])
    scores = {way: 1 / (1 + np.exp(-rng.normal(strength * (truth - 0.5), 1))) for way in WAYS}
    return Decisions(findings, 0.35, "validation", scores)


def test_values_are_scikit_learns_and_differences_are_paired(studies):
    first, second = decisions(studies, 1, 1), decisions(studies, 2, 2)
    result = compare_models({"a": first, "b": second}, studies, resamples=150)
    assert (result.n, result.patients, result.resamples) == (N, N // 2, 150)
    truth = np.array([[f in s.labels for f in FINDINGS] for s in studies])
    counts = np.vstack([np.ones(N), resample(tuple(s.patient_id for s in studies), 150)])
    for way in WAYS:
        drawn = {
            name: np.array([roc_auc_score(truth, d.probabilities[way], sample_weight=c) for c in counts])
            for name, d in (("a", first), ("b", second))
        }
        found = result.results["b"]
        assert found.auroc[way].value == pytest.approx(drawn["b"][0])
        apart = drawn["b"] - drawn["a"]
        assert found.difference[way].value == pytest.approx(apart[0])
        ordered = np.sort(apart[1:])  # with three below and three above of 150: 2 * 3 / 151 < 0.05 < 2 * 4 / 151
        assert (found.difference[way].low, found.difference[way].high) == pytest.approx((ordered[2], ordered[-3]))


def test_a_model_is_not_better_than_itself(studies):
    one = decisions(studies, 1, 1)
    difference = compare_models({"a": one, "again": one}, studies).results["again"].difference["fused"]
    assert difference.to_json() == {"value": 0, "low": None, "high": None}


def test_the_order_of_findings_does_not_matter(studies):
    one = decisions(studies, 1, 1)
    turned = Decisions(FINDINGS[::-1], one.beta, one.beta_from, {w: p[:, ::-1] for w, p in one.probabilities.items()})
    result = compare_models({"a": one, "turned": turned}, studies).results
    assert result["a"].auroc["fused"].value == pytest.approx(result["turned"].auroc["fused"].value)


def test_models_of_other_findings_are_refused_by_name(studies):
    with pytest.raises(ChoiceError, match="Nodule"):
        compare_models({"a": decisions(studies, 1, 1), "b": decisions(studies, 1, 1, ("Effusion",))}, studies)
