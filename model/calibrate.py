"""Calibrated probabilities at every β: temperature scaling (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017) with a temperature that is smooth in β.

One temperature would not do: a model is often surer of itself with one modality than with the other. Its logarithm is
a parabola over β, so that logits stay as smooth in β as they were.
"""

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax

from model.config import SINGLE_LABEL
from model.network import Network
from model.scored import BETAS, Scored

LEAST = 20  # studies; fewer say nothing of a probability
# A standard normal prior on the coefficients that weighs as much as one study: without it, studies that are all decided
# rightly would ask for certainty.
PRIOR = 1.0
COEFFICIENTS = 3


def fit_temperature(
    logits: Float[np.ndarray, "betas n findings"], labels: Float[np.ndarray, "n findings"], problem_type: str
) -> Float[np.ndarray, "3"]:
    """The coefficients, constant first, of the parabola over β whose exponential divides the logits so that held-out
    labels are likeliest; zeros where there are fewer than LEAST studies.

    Args:
        logits: without a temperature, at each β of BETAS.
        labels: 1 where a study has a finding.
    """
    if len(labels) < LEAST:
        return np.zeros(COEFFICIENTS)
    powers = np.array(BETAS)[:, None] ** np.arange(COEFFICIENTS)

    def loss(coefficients: np.ndarray) -> float:
        scaled = logits / np.exp(powers @ coefficients)[:, None, None]
        if problem_type == SINGLE_LABEL:
            likelihood = (labels * log_softmax(scaled, axis=2)).sum(2)
        else:
            likelihood = labels * log_expit(scaled) + (1 - labels) * log_expit(-scaled)
        return PRIOR / len(labels) * (coefficients**2).sum() - likelihood.mean()

    return minimize(loss, np.zeros(COEFFICIENTS), method="BFGS").x


def calibrate(network: Network, scored: Scored) -> None:
    """Fit the temperature of a network on held-out studies, those that are not discordant, and set it."""
    kept = scored.concordant()
    labels = kept.labels(network.config.findings)
    set_temperature(network, fit_temperature(kept.logits, labels, network.config.problem_type))


@torch.no_grad()
def set_temperature(network: Network, coefficients: Float[np.ndarray, "3"]) -> None:
    """Set the logarithm of a network's temperature: the coefficients of a parabola over β, constant first."""
    network.log_temperature.copy_(torch.from_numpy(coefficients))
