"""How well a model decides, at every β."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from sklearn.metrics import roc_auc_score

from model.config import SINGLE_LABEL, Config
from model.data import Study, label_matrix
from model.engine import Engine
from model.network import Network
from model.reference import Reference, logits_at
from model.scored import BETAS as SCORED_BETAS
from model.scored import Scored

BETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
ECE_BINS = 15


class Evaluation(NamedTuple):
    """Metrics at each β. NaN where a finding has no positive or no negative study."""

    n: int
    betas: tuple[float, ...]
    macro_auroc: Float[np.ndarray, "betas"]
    ece: Float[np.ndarray, "betas"]
    auroc: Float[np.ndarray, "betas findings"]
    findings: tuple[str, ...]

    def to_json(self) -> dict:
        """Plain numbers, rounded to 4 decimals; None for what is undefined."""
        columns = {f: {"auroc": _plain(self.auroc[:, i])} for i, f in enumerate(self.findings)}
        return {
            "n": self.n,
            "betas": list(self.betas),
            "macro_auroc": _plain(self.macro_auroc),
            "ece": _plain(self.ece),
            "per_finding": columns,
        }


def evaluate(
    engine: Engine, reference: Reference, studies: tuple[Study, ...], betas: tuple[float, ...] = BETAS
) -> Evaluation:
    """AUROC and calibration of concordant studies at each β.

    Discordant studies are left out: their image and report state different truths, so no one label judges both.
    """
    chosen = tuple(s for s in studies if not s.discordant)
    rows = reference.rows(chosen)
    probabilities = [probabilities_at(engine, reference, b, rows) for b in betas]
    return evaluation(engine.config, label_matrix(chosen, engine.findings), probabilities, betas)


def evaluate_scored(network: Network, scored: Scored) -> Evaluation:
    """The same from what was said of held-out studies already."""
    kept = scored.concordant()
    probabilities = kept.probabilities(network)
    chosen = [probabilities[SCORED_BETAS.index(b)] for b in BETAS]
    return evaluation(network.config, kept.labels(network.config.findings), chosen, BETAS)


def evaluation(
    config: Config, truth: Float[np.ndarray, "n findings"], probabilities: list[np.ndarray], betas: tuple[float, ...]
) -> Evaluation:
    """AUROC and calibration of probabilities, given at each β."""
    auroc = np.array([[_auroc(truth[:, i], p[:, i]) for i in range(truth.shape[1])] for p in probabilities])
    single = config.problem_type == SINGLE_LABEL
    ece = np.array([expected_calibration_error(truth, p, single) for p in probabilities])
    # A column of NaN alone would warn: the mean is taken over what is defined.
    defined = ~np.isnan(auroc)
    macro = np.where(defined, auroc, 0).sum(1) / np.maximum(defined.sum(1), 1)
    return Evaluation(len(truth), tuple(betas), macro, ece, auroc, config.findings)


def expected_calibration_error(
    truth: Float[np.ndarray, "n findings"], probabilities: Float[np.ndarray, "n findings"], single: bool
) -> float:
    """Expected calibration error (Guo et al. 2017) over 15 bins of equal width, in [0, 1].

    Multi-label: over every pair of study and finding. Single-label: of the probability of the finding decided for.
    """
    if single:
        choice = probabilities.argmax(1)
        confidence = probabilities[np.arange(len(choice)), choice]
        correct = truth[np.arange(len(choice)), choice]
    else:
        confidence, correct = probabilities.ravel(), truth.ravel()
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    counts = np.bincount(bins, minlength=ECE_BINS)
    gaps = np.bincount(bins, confidence, ECE_BINS) - np.bincount(bins, correct, ECE_BINS)
    return float(np.abs(gaps).sum() / max(counts.sum(), 1))


def probabilities_at(
    engine: Engine, reference: Reference, beta: float, rows: np.ndarray
) -> Float[np.ndarray, "n findings"]:
    """Probabilities of reference studies at β, in [0, 1]."""
    return engine.network.probabilities(torch.from_numpy(logits_at(engine, reference, beta, rows))).numpy()


def _auroc(truth: np.ndarray, score: np.ndarray) -> float:
    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < len(truth) else float("nan")


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), 4) for v in values]
