"""Calibrated probabilities at every β: temperature scaling (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017) with a temperature that is smooth in β.

One temperature would not do: a model is often surer of itself with one modality than with the other. Its logarithm is
a parabola over β, so that logits stay as smooth in β as they were.
"""

import hashlib

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize
from scipy.special import log_expit, log_softmax

from model.config import SINGLE_LABEL
from model.inference.predictions import BETA_GRID, OverBeta, PerFinding, Scored
from model.network.network import Network
from model.studies.table import Study

LEAST = 20  # studies; fewer say nothing of a probability
# A standard normal prior on the coefficients that weighs as much as one study: without it, studies that are all decided
# rightly would ask for certainty.
PRIOR = 1.0
COEFFICIENTS = 3
PARTS = 5  # that calibration is cross-fitted in


def fit_temperature(
    logits: OverBeta,
    labels: PerFinding,
    problem_type: str,
    has: Float[np.ndarray, "n 2"],
) -> Float[np.ndarray, "3"]:
    """The coefficients, constant first, of the parabola over β whose exponential divides the logits so that held-out
    labels are likeliest; zeros where there are fewer than LEAST studies.

    Args:
        logits: without a temperature, at each β of BETA_GRID.
        labels: 1 where a study has a finding.
        has: which modality each study has.
    """
    if len(labels) < LEAST:
        return np.zeros(COEFFICIENTS)

    def loss(coefficients: np.ndarray) -> float:
        scaled = logits / temperatures(coefficients, has)
        if problem_type == SINGLE_LABEL:
            likelihood = (labels * log_softmax(scaled, axis=2)).sum(2)
        else:
            likelihood = labels * log_expit(scaled) + (1 - labels) * log_expit(-scaled)
        return PRIOR / len(labels) * (coefficients**2).sum() - likelihood.mean()

    return minimize(loss, np.zeros(COEFFICIENTS), method="BFGS").x


def calibrate(network: Network, scored: Scored) -> None:
    """Fit the temperature of a network on what it says of held-out studies, those that are not discordant, and set it.

    Args:
        scored: by this network, as its temperature is now.
    """
    raw = _uncalibrated(scored.concordant(), network)
    labels = raw.labels(network.config.findings)
    set_temperature(network, fit_temperature(raw.logits, labels, network.config.problem_type, raw.has))


def cross_fitted(
    scored: Scored, held_out: Int[np.ndarray, "n"], network: Network
) -> tuple[Scored, dict[int, Float[np.ndarray, "3"]]]:
    """Studies calibrated each by the labels of others, so that their calibration can be measured.

    Args:
        scored: without a temperature.
        held_out: the part of each study; patients must not lie in two. Discordant studies teach nothing.

    Returns:
        The calibrated studies, and the coefficients that each part was given.
    """
    findings, problem_type = network.config.findings, network.config.problem_type
    concordant, labels = np.array([not s.discordant for s in scored.studies], bool), scored.labels(findings)
    logits, fitted = scored.logits.copy(), {}
    for part in np.unique(held_out):
        own, others = held_out == part, (held_out != part) & concordant
        fitted[int(part)] = fit_temperature(scored.logits[:, others], labels[others], problem_type, scored.has[others])
        logits[:, own] = logits[:, own] / temperatures(fitted[int(part)], scored.has[own])
    return scored._replace(logits=logits), fitted


def recalibrated(scored: Scored, chose: Bool[np.ndarray, "n"], network: Network) -> Scored:
    """Studies as they are calibrated, but for those that the network's temperature was fitted to: these by what is
    fitted to the others of them, so that calibration can be measured on all.

    Args:
        scored: by the network, with its temperature.
        chose: which of them it was fitted to.
    """
    if not chose.any():
        return scored
    own = _uncalibrated(scored.where(chose), network)
    fitted, _ = cross_fitted(own, parts_of(own.studies), network)
    logits = scored.logits.copy()
    logits[:, chose] = fitted.logits
    return scored._replace(logits=logits)


def _uncalibrated(scored: Scored, network: Network) -> Scored:
    """Without the network's temperature."""
    return scored._replace(logits=scored.logits * temperatures(network.log_temperature.cpu().numpy(), scored.has))


def parts_of(studies: tuple[Study, ...], most: int = PARTS) -> Int[np.ndarray, "n"]:
    """Studies in parts of as many patients each, the same for all time; as many parts as patients where those are
    few."""
    patients = sorted({s.patient_id for s in studies}, key=lambda p: hashlib.sha256(p.encode()).digest())
    part = {patient: i % most for i, patient in enumerate(patients)}
    return np.array([part[s.patient_id] for s in studies], int)


def temperatures(
    coefficients: Float[np.ndarray, "3"], has: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "betas studies 1"]:
    """What divides the logits of each study at each β; of one that lacks a modality, as at the β it stays with."""
    betas = np.array(BETA_GRID)[:, None]
    allowed = np.where(has.all(1), betas, has[:, 0])
    powers = allowed[..., None] ** np.arange(COEFFICIENTS)
    return np.exp(powers @ coefficients)[..., None]


@torch.no_grad()
def set_temperature(network: Network, coefficients: Float[np.ndarray, "3"]) -> None:
    """Set the logarithm of a network's temperature: the coefficients of a parabola over β, constant first."""
    network.log_temperature.copy_(torch.from_numpy(coefficients))
