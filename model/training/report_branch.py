"""The report's side of a network that blends decisions, from reports alone: logistic regression on pooled reports.

The encoder stays as it came, so each report is read once. What is fitted is convex and takes seconds.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression

from model.config import MULTI_LABEL
from model.inference.predictions import BETA_GRID
from model.network.network import Network
from model.training.calibration import fit_temperature

LEAST = 10  # reports with a finding, and as many without, to learn it from
INVERSE_L2 = (0.001, 0.01, 0.1)  # of scikit-learn's C, what validation chooses from
# The log-odds that a report has for a finding which it says nothing of: a little against, so that a report alone does
# not report it, and a film is hardly contradicted.
SILENT = float(np.log(0.4 / 0.6))


class ReportBranch(NamedTuple):
    """What was fitted.

    Attributes:
        learnt: the findings that reports tell, by place; the others have SILENT at every report.
        temperature: what the log-odds were divided by, fitted on the validation reports.
    """

    learnt: Bool[np.ndarray, "findings"]
    temperature: float


@torch.no_grad()
def fit_report_branch(
    network: Network,
    pooled: Float[np.ndarray, "n channels"],
    labels: Float[np.ndarray, "n findings"],
    validation: Bool[np.ndarray, "n"],
) -> ReportBranch:
    """Fit the log-odds of each finding to pooled reports, and set them in a network that blends decisions.

    Args:
        pooled: of the reports, by the network's encoder.
        labels: 1 where a report has a finding.
        validation: the reports that choose the regularisation and the temperature; the others are learnt from.
    """
    train, held = ~validation, validation
    positives = labels[train].sum(0)
    learnt = (positives >= LEAST) & (train.sum() - positives >= LEAST)
    mean, scale = pooled[train].mean(0), pooled[train].std(0).clip(1e-6)
    scaled = (pooled - mean) / scale
    candidates = [_fit(scaled[train], labels[train], learnt, c) for c in INVERSE_L2]
    logits = [scaled[held] @ weight.T + bias for weight, bias in candidates]
    best = int(np.argmin([_loss(z[:, learnt], labels[held][:, learnt]) for z in logits]))
    weight, bias = candidates[best]
    temperature = _temperature(logits[best][:, learnt], labels[held][:, learnt])
    # The scaling of the vectors goes into the weights.
    weight, bias = weight / scale / temperature, bias / temperature
    bias = np.where(learnt, bias - weight @ mean, SILENT)
    linear = network.report_projection.linear
    linear.weight.copy_(torch.from_numpy(weight))
    linear.bias.copy_(torch.from_numpy(bias))
    return ReportBranch(learnt, temperature)


def _fit(
    vectors: Float[np.ndarray, "n channels"], labels: Float[np.ndarray, "n findings"], learnt: np.ndarray, c: float
) -> tuple[Float[np.ndarray, "findings channels"], Float[np.ndarray, "findings"]]:
    weight, bias = np.zeros((labels.shape[1], vectors.shape[1])), np.zeros(labels.shape[1])
    for i in np.flatnonzero(learnt):
        found = LogisticRegression(C=c, max_iter=1000).fit(vectors, labels[:, i])
        weight[i], bias[i] = found.coef_[0], found.intercept_[0]
    return weight, bias


def _loss(logits: Float[np.ndarray, "n findings"], labels: Float[np.ndarray, "n findings"]) -> float:
    """Cross-entropy; 0 of nothing."""
    return float((np.logaddexp(0, logits) - labels * logits).mean()) if logits.size else 0.0


def _temperature(logits: Float[np.ndarray, "n findings"], labels: Float[np.ndarray, "n findings"]) -> float:
    """Of reports alone: at every β the same is said of them."""
    if not logits.size:
        return 1.0
    at_every_beta = np.broadcast_to(logits, (len(BETA_GRID), *logits.shape))
    report_alone = np.tile([0.0, 1.0], (len(labels), 1))
    return float(np.exp(fit_temperature(at_every_beta, labels, MULTI_LABEL, report_alone)[0]))
