"""Do image and report speak of the same patient? The alert for a report that misses what the film shows, or the
reverse.

The decision from the image alone (β = 1) is held against the one from the report alone (β = 0). How far apart they must
be to mean something is learnt on the validation split: its own pairs against films paired with the report of another
study that has other findings.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import jensenshannon
from scipy.special import expit
from scipy.stats import mannwhitneyu
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from model.config import SINGLE_LABEL
from model.evaluation.figures import json_numbers
from model.inference.embeddings import Reference, logits_at
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.inference.predictions import Scored, chances
from model.network.network import Network
from model.studies.table import Study
from model.training.calibration import parts_of

ALERT = 0.5
LEAST = 10  # studies; fewer say nothing of how far apart is too far
SURE = 0.05  # level of the test that swapped pairs are further apart
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
    rows, problem_type = reference.rows(studies), engine.config.problem_type
    image, report = (chances(logits_at(engine, reference, beta, rows), problem_type) for beta in (1.0, 0.0))
    return _distances(problem_type, image, report).max(1)


def probabilities(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> Float[np.ndarray, "n"] | None:
    """That image and report of studies do not belong together, as in `Discordance`; NaN where a study lacks one. None
    where the model was never calibrated."""
    slope, offset = float(engine.network.discord_slope), float(engine.network.discord_offset)
    if not slope:
        return None
    has = reference.has[reference.rows(studies)].all(1)
    return np.where(has, expit(slope * scores(engine, reference, studies) + offset), np.nan)


def calibrate_alert(network: Network, scored: Scored) -> None:
    """Learn from concordant held-out studies how far apart is too far, and set it in the network. Studies that lack a
    modality are left out. Fewer than ten leave the model uncalibrated, and so do studies whose swapped pairs are not
    surely further apart than their own (Mann and Whitney 1947): it would alert on chance, or on agreement.
    """
    line = _fitted(network, scored) or LogitLine(0.0, 0.0)
    network.discord_slope.fill_(line.slope)
    network.discord_offset.fill_(line.offset)


def alert_figures(network: Network, scored: Scored, in_sample: bool = False) -> dict[str, Any] | None:
    """What the alert is worth: how well it tells films and reports that do not belong together from those that do. The
    former are the discordant studies; where none is marked as such, films with the report of another study that has
    other findings.

    Args:
        in_sample: the alert was calibrated on some of these studies. What is measured then is an alert that was
            calibrated on the other patients (cross-fitted).

    Returns:
        `n` pairs, of which `n_apart` do not belong together: `against` says if these are "discordant" or "swapped";
        `auroc`; the shares of either kind on which it is raised, `raised_discordant` and `raised_concordant`; its
        `precision` at the `prevalence` of the former among these; and by finding the number of pairs that belong
        together, `n_of`, and the share of them on which it is raised, `false_alarms`. None for what is undefined; and
        altogether, where the model was never calibrated or the pairs are all of one kind.
    """
    paired = scored.where(scored.has.min(1) > 0)
    marked = any(s.discordant for s in paired.studies)
    parts = parts_of(paired.studies) if in_sample else np.zeros(len(paired.studies), int)
    found = []
    for part in np.unique(parts) if network.discord_slope else ():
        pairs = (_as_marked if marked else _swapped)(network, paired.where(parts == part))
        line = _fitted(network, paired.where(parts != part)) if in_sample else _line(network)
        raised = line.slope * pairs.apart + line.offset >= 0 if line else np.zeros(len(pairs.apart), bool)
        found.append((*pairs, raised))
    if not found:
        return None
    apart, foreign, has, raised = map(np.concatenate, zip(*found, strict=True))
    if foreign.all() or not foreign.any():
        return None
    alarms = {f: raised[~foreign & has[:, i]] for i, f in enumerate(network.config.findings)}
    return {
        "against": "discordant" if marked else "swapped",
        "n": len(foreign),
        "n_apart": int(foreign.sum()),
        "auroc": json_numbers(roc_auc_score(foreign, apart)),
        "raised_discordant": json_numbers(raised[foreign].mean()),
        "raised_concordant": json_numbers(raised[~foreign].mean()),
        "prevalence": json_numbers(foreign.mean()),
        "precision": json_numbers(foreign[raised].mean()) if raised.any() else None,
        "n_of": {f: len(some) for f, some in alarms.items()},
        "false_alarms": {f: json_numbers(some.mean()) if len(some) else None for f, some in alarms.items()},
    }


class LogitLine(NamedTuple):
    """The logit of a pair's not belonging together, over how far apart it is."""

    slope: float
    offset: float


class Pairs(NamedTuple):
    """n films, each with a report."""

    apart: Float[np.ndarray, "n"]  # how far: 0 to 1
    foreign: Bool[np.ndarray, "n"]  # they do not belong together
    has: Bool[np.ndarray, "n findings"]  # of the film's study


def _line(network: Network) -> LogitLine:
    return LogitLine(float(network.discord_slope), float(network.discord_offset))


def _fitted(network: Network, scored: Scored) -> LogitLine | None:
    """The line that concordant studies teach; None where they are too few or do not tell, see `calibrate_alert`."""
    paired = scored.concordant()
    paired = paired.where(paired.has.min(1) > 0)
    if len(paired.studies) < LEAST:
        return None
    pairs = _swapped(network, paired)
    if not pairs.foreign.any():
        return None
    fitted = LogisticRegression(class_weight="balanced", C=100).fit(pairs.apart[:, None], pairs.foreign)
    sure = mannwhitneyu(pairs.apart[pairs.foreign], pairs.apart[~pairs.foreign]).pvalue < SURE
    return LogitLine(fitted.coef_.item(), fitted.intercept_.item()) if fitted.coef_.item() > 0 and sure else None


def _as_marked(network: Network, scored: Scored) -> Pairs:
    """Studies as they are; those that are marked as discordant do not belong together."""
    report, *_, image = scored.probabilities(network)
    has = scored.labels(network.config.findings) > 0
    discordant = np.array([s.discordant for s in scored.studies], bool)
    return Pairs(_distances(network.config.problem_type, image, report).max(1), discordant, has)


def _swapped(network: Network, scored: Scored) -> Pairs:
    """Studies as they are, and their films with the report of another study, where that has other findings."""
    own, swapped = _as_marked(network, scored), np.random.default_rng(SEED).permutation(len(scored.studies))
    differ = np.array(
        [a.labels != scored.studies[j].labels for a, j in zip(scored.studies, swapped, strict=True)], bool
    )
    report, *_, image = scored.probabilities(network)
    foreign = _distances(network.config.problem_type, image[differ], report[swapped[differ]]).max(1)
    return Pairs(
        np.concatenate([own.apart, foreign]),
        np.repeat([False, True], [len(own.apart), len(foreign)]),
        np.concatenate([own.has, own.has[differ]]),
    )


def _distances(problem_type: str, image: np.ndarray, report: np.ndarray) -> Float[np.ndarray, "n findings"]:
    """The Jensen–Shannon distance (base 2, 0 to 1) of the two decisions on each finding; on all of them at once where
    one finding is chosen."""
    distances = cast(Callable[..., np.ndarray], jensenshannon)  # scipy's own stub does not know of its axis
    if problem_type == SINGLE_LABEL:
        return distances(image, report, base=2, axis=1)[:, None]
    pair = (np.stack([p, 1 - p], -1).astype(float) for p in (image, report))
    return np.nan_to_num(distances(*pair, base=2, axis=2))
