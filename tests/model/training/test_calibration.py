"""Probabilities are as often right as they say, at every β."""

import numpy as np
import pytest
import torch
from helpers import small_network
from scipy.special import expit, softmax

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.evaluation.metrics import expected_calibration_error
from model.training.calibration import BETA_GRID, LEAST, fit_temperature, set_temperature

TRUE_LOG_TEMPERATURE = np.array([1.0, -0.5, 0.3]) @ np.array(BETA_GRID) ** np.arange(3)[:, None]


def overconfident(problem_type: str, n: int = 4000):
    """Labels drawn from known probabilities, and the logits of those times a temperature that depends on β."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (n, 3))
    if problem_type == SINGLE_LABEL:
        labels = np.eye(3)[[rng.choice(3, p=p) for p in softmax(logits, 1)]]
    else:
        labels = rng.random(logits.shape) < expit(logits)
    return (np.exp(TRUE_LOG_TEMPERATURE)[:, None, None] * logits).astype(np.float32), labels.astype(np.float32)


@pytest.mark.parametrize("problem_type", [MULTI_LABEL, SINGLE_LABEL])
def test_the_temperature_that_was_put_in_is_found_and_mends_calibration(problem_type):
    logits, labels = overconfident(problem_type)
    found = fit_temperature(logits, labels, problem_type, both(labels)) @ np.array(BETA_GRID) ** np.arange(3)[:, None]
    assert found == pytest.approx(TRUE_LOG_TEMPERATURE, abs=0.1)
    single = problem_type == SINGLE_LABEL
    chance = (lambda z: softmax(z, 1)) if single else expit
    for z, log_temperature in zip(logits, found, strict=True):
        before = expected_calibration_error(labels, chance(z), single)
        after = expected_calibration_error(labels, chance(z / np.exp(log_temperature)), single)
        assert after < 0.02 < before


def both(labels: np.ndarray) -> np.ndarray:
    """Every study has both modalities."""
    return np.ones((len(labels), 2), np.float32)


def test_few_studies_change_nothing():
    logits, labels = overconfident(MULTI_LABEL, LEAST - 1)
    assert not fit_temperature(logits, labels, MULTI_LABEL, both(labels)).any()


def test_studies_that_are_all_decided_rightly_do_not_ask_for_certainty():
    labels = np.eye(3, dtype=np.float32)[np.arange(60) % 3]
    logits = np.repeat((6 * labels - 3)[None], len(BETA_GRID), 0)
    log_temperature = (
        fit_temperature(logits, labels, MULTI_LABEL, both(labels)) @ np.array(BETA_GRID) ** np.arange(3)[:, None]
    )
    assert (log_temperature > -2).all()


def test_the_temperature_divides_the_logits_at_its_beta():
    network = small_network()
    vectors = torch.randn(2, 4, network.config.width)
    beta = torch.tensor([[0.0], [0.3], [0.7], [1.0]])
    before = network.decide(*vectors, beta)
    set_temperature(network, np.array([0.2, 0.5, -0.4]))
    expected = torch.exp(0.2 + 0.5 * beta - 0.4 * beta**2)
    assert torch.allclose(network.decide(*vectors, beta) * expected, before, atol=1e-5)
