"""The tests of explanations: each says yes where it must, and no where it must."""

import numpy as np
import pytest
import torch
from helpers import REPORT, random_film
from scipy.stats import spearmanr
from sklearn.metrics import auc

import explain
from explain.faithfulness import FRACTIONS, deletion_insertion, randomised, rank_correlation, sanity, stability
from explain.methods import method
from explain.trust import examine
from explain.truth import Truth, heat_concentration, points_inside, rank_percentile
from model.preprocess import Box

WHOLE = Box(0, 0, 1, 1)


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(3), REPORT)


def ask(engine, encoded, beta):
    return explain.Question(engine, encoded, 1, (beta,))


def test_deletion_and_insertion_meet_the_model_at_their_ends(engine, encoded):
    question = ask(engine, encoded, 0.0)
    scores = method("report", "leave_one_word_out").explain(question).scores[0]
    curves = deletion_insertion(question, "report", scores)
    whole = engine.probabilities(encoded, np.array([0.0]))[0, 1]
    assert curves.deletion[0] == pytest.approx(whole, abs=1e-5)
    assert curves.insertion[-1] == pytest.approx(whole, abs=1e-5)
    assert curves.deletion[-1] == pytest.approx(curves.insertion[0], abs=1e-6)


def test_deleting_by_the_right_scores_is_faster_than_by_their_opposite(engine, encoded):
    question = ask(engine, encoded, 0.0)
    scores = method("report", "leave_one_word_out").explain(question).scores[0]
    right, wrong = (deletion_insertion(question, "report", s).areas() for s in (scores, -scores))
    assert right["deletion"] < right["random_deletion"] < wrong["deletion"]
    assert right["insertion"] > right["random_insertion"] > wrong["insertion"]


def test_areas_are_scikit_learns(engine, encoded):
    question = ask(engine, encoded, 1.0)
    curves = deletion_insertion(question, "image", method("image", "gradcam").explain(question).scores[0])
    assert curves.areas()["deletion"] == pytest.approx(auc(FRACTIONS, curves.deletion))


@pytest.mark.parametrize(("modality", "beta", "name"), [("image", 1.0, "gradcam"), ("report", 0.0, "contextual_cam")])
def test_small_noise_changes_little(engine, encoded, modality, beta, name):
    question = ask(engine, encoded, beta)
    chosen = method(modality, name)
    scores = chosen.explain(question).scores[0]
    assert stability(question, modality, chosen, scores) > 0.8
    shuffled = np.random.default_rng(0).permutation(scores.ravel()).reshape(scores.shape)
    assert stability(question, modality, chosen, shuffled) < 0.5


def test_a_random_network_is_another_one_and_leaves_the_first_alone(engine):
    before = {k: v.clone() for k, v in engine.network.state_dict().items()}
    other = randomised(engine, 5)
    assert randomised(engine, 5) is other
    assert all(torch.equal(v, before[k]) for k, v in engine.network.state_dict().items())
    changed = [
        not torch.equal(a, b) for a, b in zip(other.network.parameters(), engine.network.parameters(), strict=True)
    ]
    assert np.mean(changed) > 0.5


def test_a_method_that_ignores_the_model_fails_the_sanity_check(engine, encoded):
    question = ask(engine, encoded, 1.0)

    def brightness(asked):
        return explain.Attribution(asked.encoded.square[0].numpy())

    edges = method("image", "gradcam")._replace(explain=brightness)
    assert sanity(question, "image", edges, brightness(question).scores[0], 0) == pytest.approx(1)
    scores = method("image", "gradcam").explain(question).scores[0]
    assert sanity(question, "image", method("image", "gradcam"), scores, 0) < 0.9


def test_rank_correlation_is_scipys_and_zero_for_what_says_nothing():
    a, b = np.random.default_rng(0).random((2, 30))
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert rank_correlation(a, np.zeros(30)) == 0


def test_pointing_game_and_concentration():
    cam = np.zeros((8, 8), np.float32)
    cam[6, 1] = 1
    mask = np.zeros((96, 96), bool)
    mask[66:90, 6:30] = True
    assert points_inside(cam, WHOLE, mask)
    assert not points_inside(cam, WHOLE, ~mask)
    assert not points_inside(-cam, WHOLE, mask)  # evidence against is no heat
    assert heat_concentration(cam, WHOLE, mask) == pytest.approx(1 / mask.mean(), rel=0.05)
    assert heat_concentration(np.ones((8, 8), np.float32), WHOLE, mask) == pytest.approx(1, rel=1e-4)
    assert heat_concentration(-cam, WHOLE, mask) is None


def test_rank_percentile_is_one_at_the_top_and_half_by_chance():
    scores = np.arange(100.0)
    assert rank_percentile(scores, (99,)) == pytest.approx(0.995)
    assert rank_percentile(scores, tuple(range(100))) == pytest.approx(0.5)
    assert rank_percentile(np.zeros(10), (0,)) == pytest.approx(0.5)


def test_what_the_truth_does_not_say_is_left_out(engine, encoded):
    trust = examine(engine, encoded, "Effusion", "image", "gradcam", Truth(None, ()))
    assert not {"points_inside", "heat_concentration", "top_word_states"} & trust.figures().keys()
    assert {"deletion_auc", "random_insertion_auc", "stability", "sanity"} <= trust.figures().keys()
    mask = np.ones((96, 96), bool)
    trust = examine(engine, encoded, "Effusion", "image", "gradcam", Truth(mask, ()), mask)
    assert trust.heat_concentration == pytest.approx(1)
    assert trust.heat_in_lungs == pytest.approx(1)
    words = examine(engine, encoded, "Effusion", "report", "contextual_cam", Truth(None, tuple(range(5))))
    assert 0 <= words.rank_percentile <= 1


def test_tests_that_nobody_waits_for_end(engine, encoded):
    with pytest.raises(explain.Superseded):
        examine(engine, encoded, "Effusion", "image", "gradcam", wanted=lambda: False)
