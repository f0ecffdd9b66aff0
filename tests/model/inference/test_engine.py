"""A case is encoded once and answers at every β."""

import numpy as np
import pytest
import torch
from helpers import REPORT, random_film, small_network

from model.errors import CheckpointError, ChoiceError, InputError
from model.inference.engine import Engine, choose_device


def test_the_encoders_run_once_for_a_case(monkeypatch):
    engine = Engine(small_network(image_weights="none"), "x", torch.device("cpu"))
    runs = []
    monkeypatch.setattr(engine.network, "image_maps", lambda f, run=engine.network.image_maps: runs.append(1) or run(f))
    film = random_film()
    for beta in np.linspace(0, 1, 21):
        engine.probabilities(engine.encode(film, REPORT), np.array([beta]))
    assert runs == [1]


def test_beta_one_ignores_the_report_and_beta_zero_the_image(engine):
    a, b = engine.encode(random_film(1), REPORT), engine.encode(random_film(1), "Clear lungs.")
    c = engine.encode(random_film(2), REPORT)
    p = {
        name: engine.probabilities(case, np.array([0.0, 0.5, 1.0])) for name, case in zip("abc", (a, b, c), strict=True)
    }
    np.testing.assert_allclose(p["a"][2], p["b"][2], atol=1e-6)
    np.testing.assert_allclose(p["a"][0], p["c"][0], atol=1e-6)
    assert np.abs(p["a"][1] - p["b"][1]).max() > 1e-4
    assert np.abs(p["a"][1] - p["c"][1]).max() > 1e-4


def test_a_missing_modality_fixes_beta(engine):
    image_alone, report_alone = engine.encode(random_film(), ""), engine.encode(None, REPORT)
    assert engine.clamp_beta(image_alone, 0.3) == 1
    assert engine.clamp_beta(report_alone, 0.3) == 0


def test_a_case_with_neither_is_refused(engine):
    with pytest.raises(InputError, match="radiograph, a report, or both"):
        engine.encode(None, "  \n")


@pytest.mark.parametrize("beta", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_beta_out_of_range_is_refused(engine, beta):
    with pytest.raises(ChoiceError, match="from 0"):
        engine.probabilities(engine.encode(None, REPORT), np.array([beta]))


def test_a_long_report_says_how_far_it_was_read(engine):
    report = "No focal consolidation. " * 200
    encoded = engine.encode(None, report)
    assert 0 < encoded.read_to < len(report)
    assert encoded.tokens.ids.shape[1] == engine.config.max_tokens


def test_single_label_probabilities_sum_to_one():
    network = small_network(image_weights="none", problem_type="single_label_classification")
    engine = Engine(network, "x", torch.device("cpu"))
    p = engine.probabilities(engine.encode(None, REPORT), np.array([0.0]))
    assert p.sum() == pytest.approx(1, abs=1e-5)


def test_an_unknown_device_is_refused():
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(ChoiceError, match="tpu"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(ChoiceError, match="no GPU"):
            choose_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_the_gpu_says_what_the_cpu_says():
    cases = [(random_film(i), REPORT) for i in range(3)]
    answers = []
    for device in ("cpu", "cuda"):
        engine = Engine(small_network(image_weights="none"), "x", torch.device(device))
        answers.append([engine.probabilities(engine.encode(*c), np.array([0, 0.5, 1])) for c in cases])
    np.testing.assert_allclose(*answers, atol=1e-3)


def test_numbers_that_are_not_finite_are_no_answer():
    """As of damaged memory: a checkpoint that holds such weights is refused before."""
    engine = Engine(small_network(image_weights="none"), "0123456789abcdef", torch.device("cpu"))
    with torch.no_grad():
        next(engine.network.image_encoder.parameters()).fill_(torch.nan)
    with pytest.raises(CheckpointError, match="0123456789ab"):
        engine.encode(random_film(), REPORT)


def test_the_same_model_on_the_cpu_answers_the_same(engine):
    spare = engine.on_cpu()
    assert spare.network is not engine.network
    case = random_film(), REPORT
    ours, its = (e.probabilities(e.encode(*case), np.array([0.5])) for e in (engine, spare))
    np.testing.assert_allclose(ours, its, atol=1e-6)
