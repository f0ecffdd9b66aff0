"""Whether a new model is worse is decided by its studies: by no seed, and not at all where there are too few."""

import numpy as np
import pytest
from helpers import small_network
from scipy.stats import t
from sklearn.metrics import roc_auc_score

from model.evaluation.compare_versions import GATE_BETAS, MOST_UNSEEN, compare_scored
from model.evaluation.metrics import evaluation
from model.inference.predictions import BETA_GRID, Scored
from model.studies.table import Study

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")


@pytest.fixture(scope="module")
def network():
    return small_network()


def scored(n: int, strength: float, seed: int = 0, each: int = 1) -> Scored:
    """Studies, `each` of a patient, and logits that know their labels the better the higher `strength`."""
    truth = np.random.default_rng(0).random((n, 3)) < 0.4
    studies = tuple(
        Study(f"s{i}", None, "r", frozenset(np.array(FINDINGS)[row].tolist()), f"p{i // each}", "val")
        for i, row in enumerate(truth)
    )
    noise = np.random.default_rng(seed).normal(size=(n, 3))
    logits = np.repeat((strength * (truth - 0.5) + noise)[None], len(BETA_GRID), 0).astype(np.float32)
    return Scored(studies, np.ones((n, 2), np.float32), logits)


def test_the_interval_is_the_jackknifes_over_patients(network):
    before, after = scored(40, 1, 1, each=2), scored(40, 2, 2, each=2)
    found = compare_scored(network, before, after)
    labels = before.labels(FINDINGS)

    def change(keep):
        areas = [[roc_auc_score(labels[keep, i], s.logits[0][keep, i]) for i in range(3)] for s in (before, after)]
        return np.mean(areas[1]) - np.mean(areas[0])

    patients = np.arange(40) // 2
    without = np.array([change(patients != p) for p in range(20)])
    error = np.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
    value = change(np.ones(40, bool))
    assert found.macro.value == pytest.approx(value)
    assert found.macro.low == pytest.approx(value - t.ppf(0.975, 19) * error)
    assert found.macro.high == pytest.approx(value + t.ppf(0.975, 19) * error)
    assert found.patients == 20


def test_a_loss_is_seen_where_there_are_studies_enough(network):
    good, bad = scored(400, 3, 1), scored(400, 1.5, 1)
    found = compare_scored(network, good, bad)
    assert "macro" in found.worse()
    assert found.decides()
    same = compare_scored(network, good, good)
    assert same.worse() == ()
    assert same.decides()


def test_too_few_patients_decide_nothing_however_sure_they_look(network):
    """Perfect before and after: not one pair is decided otherwise, and an interval has no width."""
    perfect = scored(24, 50)
    found = compare_scored(network, perfect, perfect)
    assert np.isnan([found.macro.low, found.macro.high]).all()
    assert found.detectable == pytest.approx(3 / 24)
    assert not found.decides()
    assert not compare_scored(network, scored(30, 1, 1), scored(30, 1, 2)).decides()
    assert compare_scored(network, scored(24, 0), perfect).decides()  # a gain that few show as well
    assert MOST_UNSEEN == 0.05


def test_of_one_class_nothing_is_defined_and_nothing_decided(network):
    some = scored(30, 2)
    alike = some._replace(studies=tuple(s._replace(labels=frozenset({"Effusion"})) for s in some.studies))
    found = compare_scored(network, alike, alike)
    assert np.isnan(found.macro.value)
    assert found.worse() == ()
    assert not found.decides()
    json_numbers = found.before.to_json()
    assert json_numbers["macro_auroc"] == [None] * len(GATE_BETAS)
    assert json_numbers["per_finding"]["Effusion"]["auroc"] == [None] * len(GATE_BETAS)


def test_without_a_study_every_figure_is_undefined(network):
    nothing = evaluation(
        network.config, np.zeros((0, 3), np.float32), np.zeros((1, 0, 3), np.float32), (0.5,)
    ).to_json()
    assert (nothing["n"], nothing["macro_auroc"], nothing["ece"]) == (0, [None], [None])
