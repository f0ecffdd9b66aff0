"""Do image and report speak of the same patient? The alert for a report that misses what the film shows, or the
reverse.

The decision from the image alone (β = 1) is held against the one from the report alone (β = 0). How far apart they must
be to mean something is learnt on the validation split: its own pairs against films paired with the report of another
study that has other findings.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.distance import jensenshannon
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from model.config import SINGLE_LABEL
from model.data import Study
from model.engine import Encoded, Engine
from model.network import Network
from model.reference import Reference, logits_at
from model.scored import Scored

ALERT = 0.5
SEED = 0


class Discordance(NamedTuple):
    """What image and report say of the finding on which they differ most.

    probability: that they do not belong together, were half of all pairs swapped; `alert` from 0.5 on.
    """

    probability: float
    alert: bool
    finding: str
    image: float  # probability at β = 1
    report: float  # at β = 0


def discordance(engine: Engine, encoded: Encoded) -> Discordance | None:
    """The discordance of a case; None where a modality is missing, or the model was never calibrated."""
    network = engine.network
    if len(encoded.modalities) < 2 or not network.discord_slope:
        return None
    report, image = engine.probabilities(encoded, np.array([0.0, 1.0]))
    each = _distances(engine.config.problem_type, image[None], report[None])[0]
    odds = float(network.discord_slope) * each.max() + float(network.discord_offset)
    probability = float(1 / (1 + np.exp(-odds)))
    index = int(np.abs(image - report).argmax())
    return Discordance(
        probability, probability >= ALERT, engine.findings[index], float(image[index]), float(report[index])
    )


def scores(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> Float[np.ndarray, "n"]:
    """How far apart image and report of studies are: 0 to 1, not calibrated."""
    image, report = _alone(engine, reference, studies)
    return _distances(engine.config.problem_type, image, report).max(1)


def probabilities(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> Float[np.ndarray, "n"] | None:
    """That image and report of studies do not belong together, as in `Discordance`; NaN where a study lacks one. None
    where the model was never calibrated."""
    slope, offset = float(engine.network.discord_slope), float(engine.network.discord_offset)
    if not slope:
        return None
    has = reference.has[reference.rows(studies)].all(1)
    return np.where(has, expit(slope * scores(engine, reference, studies) + offset), np.nan)


def calibrate(network: Network, scored: Scored) -> None:
    """Learn from concordant held-out studies how far apart is too far, and set it in the network. Studies that lack a
    modality are left out; fewer than ten leave the model uncalibrated."""
    kept = scored.concordant()
    kept = kept.where(kept.has.all(1))
    if len(kept.studies) < 10:
        return
    report, *_, image = kept.probabilities(network)
    rng = np.random.default_rng(SEED)
    swapped = rng.permutation(len(kept.studies))
    differ = np.array([a.labels != kept.studies[j].labels for a, j in zip(kept.studies, swapped, strict=True)])
    if not differ.any():
        return
    problem_type = network.config.problem_type
    own = _distances(problem_type, image, report).max(1)
    foreign = _distances(problem_type, image[differ], report[swapped[differ]]).max(1)
    apart, is_foreign = np.concatenate([own, foreign])[:, None], np.repeat([0, 1], [len(own), len(foreign)])
    fitted = LogisticRegression(class_weight="balanced", C=100).fit(apart, is_foreign)
    network.discord_slope.fill_(fitted.coef_.item())
    network.discord_offset.fill_(fitted.intercept_.item())


def told_apart(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> dict[str, float] | None:
    """How well the alert tells discordant studies from concordant ones: `n`, `auroc`, and the share of each kind on
    which it is raised. None where the studies are all of one kind, or the model was never calibrated."""
    kept = tuple(s for s, h in zip(studies, reference.has[reference.rows(studies)], strict=True) if h.all())
    discordant = np.array([s.discordant for s in kept], bool)
    slope, offset = float(engine.network.discord_slope), float(engine.network.discord_offset)
    if not slope or discordant.all() or not discordant.any():
        return None
    apart = scores(engine, reference, kept)
    raised = slope * apart + offset >= 0
    figures = {
        "auroc": roc_auc_score(discordant, apart),
        "raised_discordant": raised[discordant].mean(),
        "raised_concordant": raised[~discordant].mean(),
    }
    return {"n": len(kept)} | {name: round(float(value), 4) for name, value in figures.items()}


def _alone(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities from the image alone, and from the report alone: (n, findings) each."""
    rows = reference.rows(studies)
    logits = (torch.from_numpy(logits_at(engine, reference, beta, rows)) for beta in (1.0, 0.0))
    return tuple(engine.network.probabilities(z).numpy() for z in logits)


def _distances(problem_type: str, image: np.ndarray, report: np.ndarray) -> Float[np.ndarray, "n findings"]:
    """The Jensen–Shannon distance (base 2, 0 to 1) of the two decisions on each finding; on all of them at once where
    one finding is chosen."""
    if problem_type == SINGLE_LABEL:
        return jensenshannon(image, report, base=2, axis=1)[:, None]
    pair = (np.stack([p, 1 - p], -1).astype(float) for p in (image, report))
    return np.nan_to_num(jensenshannon(*pair, base=2, axis=2))
