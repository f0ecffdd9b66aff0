"""What every method promises, whichever files there are."""

import numpy as np
import pytest
from helpers import REPORT, random_film

import explain
from explain.methods.registry import chosen_methods, method, methods_of
from model.errors import ChoiceError
from model.inference.encoding import MODALITIES

EVERY = [(m, name) for m in MODALITIES for name in methods_of(m)]


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(2), REPORT)


def test_the_defaults_are_offered_first():
    assert {m: next(iter(methods_of(m))) for m in MODALITIES} == explain.DEFAULT


def test_there_is_a_choice():
    assert len(methods_of("image")) >= 5
    assert len(methods_of("report")) >= 4


@pytest.mark.parametrize(("modality", "name"), EVERY)
def test_a_method_says_what_it_is_what_it_costs_and_where_it_ends(modality, name):
    chosen = method(modality, name)
    assert chosen.title
    assert "Costs" in chosen.help
    assert len(chosen.help.split("\n\n")) >= 2


@pytest.mark.parametrize(("modality", "name"), EVERY)
def test_a_method_answers_at_each_beta_with_finite_scores(engine, encoded, modality, name):
    betas = (0.0, 0.5, 1.0)
    question = explain.Question(engine, encoded, 1, betas)
    answer = method(modality, name).explain(question)
    shape = answer.scores.shape
    assert shape[0] == len(betas)
    assert shape[1:] == (len(question.words),) if modality == "report" else len(shape) == 3
    assert np.isfinite(answer.scores).all()
    alone, without = (-1, 0) if modality == "image" else (0, -1)
    assert np.abs(answer.scores[alone]).max() > 0
    # A modality without weight has no evidence.
    assert np.abs(answer.scores[without]).max() <= 1e-5 * np.abs(answer.scores[alone]).max()


@pytest.mark.parametrize(("modality", "name"), EVERY)
def test_a_method_is_known_between_the_nodes(engine, encoded, modality, name):
    found = explain.evidence(engine, encoded, "Effusion", **(explain.INSTANT | {modality: name}))
    direct = method(modality, name).explain(explain.Question(engine, encoded, 1, (0.37,))).scores[0]
    between = explain.interpolate(found.cam if modality == "image" else found.word_scores, 0.37)
    assert np.linalg.norm(between - direct) <= 0.01 * np.linalg.norm(direct)


def test_an_unknown_method_is_refused_with_those_that_are_known(engine, encoded):
    with pytest.raises(ChoiceError, match="gradcam"):
        explain.evidence(engine, encoded, "Effusion", image="saliency")


def test_methods_are_chosen_by_name():
    assert chosen_methods(["gradcam"], ["none"]) == {"image": ("gradcam",)}
    assert chosen_methods(None, None) == {m: tuple(methods_of(m)) for m in MODALITIES}
