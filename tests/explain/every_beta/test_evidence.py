"""What evidence promises of itself, whatever the model."""

import threading

import numpy as np
import pytest
from helpers import REPORT, random_film
from scipy.special import expit

import explain
from explain.every_beta.evidence import CURVE_BETAS, flips
from model.errors import ChoiceError


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(), REPORT)


def test_shares_add_up_to_the_logit_at_every_node(engine, encoded):
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    np.testing.assert_allclose(found.contributions.sum(1), found.logit - found.reference_logit, atol=1e-6)


def test_the_interaction_is_what_the_two_add_only_together(engine, encoded):
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    network, question = engine.network, explain.Question(engine, encoded, 1, tuple(explain.NODES.tolist()))
    image, report = network.embed(encoded.pooled)

    def logit(v, t):
        return network.decide(v.expand(len(question.beta), -1), t.expand(len(question.beta), -1), question.beta)[:, 1]

    alone = logit(image, network.report_reference[None]) + logit(network.image_reference[None], report)
    expected = found.logit - alone.detach().numpy() + found.reference_logit
    np.testing.assert_allclose(found.interaction, expected, atol=1e-4)


def test_work_that_nobody_waits_for_ends(engine, encoded):
    asked = []

    def should_continue():
        asked.append(1)
        return len(asked) < 3

    with pytest.raises(explain.Cancelled):
        explain.evidence(engine, encoded, "Effusion", should_continue=should_continue)
    assert len(asked) == 3


def test_a_modality_without_weight_has_no_share(engine, encoded):
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    assert found.contributions[0, 0] == pytest.approx(0, abs=1e-6)  # β = 0: the image
    assert found.contributions[-1, 1] == pytest.approx(0, abs=1e-6)  # β = 1: the report


@pytest.mark.parametrize("beta", [0.13, 0.5, 0.77])
def test_what_lies_between_the_nodes_is_what_the_model_says(engine, encoded, beta):
    found = explain.evidence(engine, encoded, "Cardiomegaly", **explain.INSTANT)
    expected = engine.logits(encoded, np.array([beta]))[0, 0].item()
    assert explain.interpolate(found.logit, beta) == pytest.approx(expected, abs=1e-4)


def test_the_logits_of_the_curve_are_those_of_its_probabilities(engine, encoded):
    found = explain.evidence(engine, encoded, "Cardiomegaly", **explain.INSTANT)
    np.testing.assert_allclose(expit(found.curve_logits), found.curve, atol=1e-6)
    np.testing.assert_allclose(found.curve_logits[[0, -1], 0], found.logit[[0, -1]], atol=1e-5)


def test_words_cover_the_report_and_hide_special_pieces(engine, encoded):
    found = explain.evidence(engine, encoded, "Effusion")
    assert [w.text for w in found.words][:5] == ["The", "heart", "is", "enlarged", "."]
    assert all(REPORT[w.start : w.end] == w.text for w in found.words)
    assert found.word_scores.shape == (len(explain.NODES), len(found.words))
    assert np.abs(found.word_scores[0]).max() > 0


def test_a_case_without_report_is_decided_at_beta_one(engine):
    case = engine.encode(random_film(), "")
    found = explain.evidence(engine, case, "Effusion")
    assert found.words == ()
    assert found.cam is not None
    assert np.ptp(found.curve, axis=0).max() == 0


def test_a_case_without_image_is_decided_at_beta_zero(engine):
    found = explain.evidence(engine, engine.encode(None, REPORT), "Effusion")
    assert found.cam is None
    assert np.ptp(found.curve, axis=0).max() == 0
    assert np.abs(found.word_scores[-1]).max() > 0


def test_an_unknown_finding_is_refused(engine, encoded):
    with pytest.raises(ChoiceError, match="Effusion"):
        explain.evidence(engine, encoded, "Fracture")


def test_flips_are_where_the_curve_crosses_a_half():
    curve = np.stack([CURVE_BETAS, 1 - CURVE_BETAS, np.full(101, 0.9)], 1)
    assert flips(curve, 0, single=False) == pytest.approx((0.5,), abs=0.01)
    assert flips(curve, 2, single=False) == ()
    assert flips(curve[:, :2], 1, single=True) == pytest.approx((0.5,), abs=0.01)


def test_four_threads_explain_what_one_thread_explains(engine):
    reports = [f"{REPORT} Study number {i}." for i in range(4)]
    cases = [engine.encode(random_film(i), r) for i, r in enumerate(reports)]
    alone = [explain.evidence(engine, c, "Effusion") for c in cases]
    together = [None] * 4

    def work(i):
        together[i] = explain.evidence(engine, cases[i], "Effusion")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose(a.cam, b.cam, atol=1e-5)
        np.testing.assert_allclose(a.word_scores, b.word_scores, atol=1e-5)
