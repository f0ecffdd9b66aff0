"""Is an explanation true to the model? Deletion and insertion need no truth about the patient: the evidence is taken
away, and given back, in the order that the explanation names. Cells of the film are taken away by putting those of a
baseline in their place, words by leaving them out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch.nn.functional import interpolate

from explain.methods.base import Question
from explain.methods.image.occlusion import blur
from explain.methods.pieces import pool_without
from model.network.preprocess import Box

FLIP_STEPS = 12
FRACTIONS = np.linspace(0, 1, FLIP_STEPS + 1)
# What is in the place of evidence that is taken away.
BLUR, BLACK, GREY = "blur", "black", "grey"  # of cells of a film
LEFT_OUT = "left_out"  # of words: nothing
BATCH = 8
SEED = 0


class Curves(NamedTuple):
    """The probability of the finding, one value at each of FRACTIONS.

    deletion: while its evidence is taken away, the strongest first.
    insertion: while it is given back, the strongest first.
    random: while it is taken away in random order. What is left then is as random as what was taken, so that giving
        back in random order is the same curve read backwards, with the same area.
    """

    deletion: Float[np.ndarray, "steps"]
    insertion: Float[np.ndarray, "steps"]
    random: Float[np.ndarray, "steps"]

    def areas(self) -> dict[str, float]:
        """The area under each curve, 0 to 1. Faithful scores delete fast (a smaller area than at random) and insert
        fast (a larger one)."""
        return {name: float(np.trapezoid(curve, FRACTIONS)) for name, curve in self._asdict().items()}


class Steps(NamedTuple):
    """Of each cell or word the place in FRACTIONS, 0 to FLIP_STEPS, from which on it is away, or is back."""

    deletion: Int[np.ndarray, "*shape"]
    insertion: Int[np.ndarray, "*shape"]


class Verdict(NamedTuple):
    """With how many of the baselines a test was passed. What holds with one alone may be a property of what was put in
    the place of the evidence, so more than half of them are needed: two of three."""

    passed: int
    of: int

    @property
    def holds(self) -> bool:
        """Passed with most of the baselines."""
        return 2 * self.passed > self.of

    def to_json(self) -> dict[str, int | bool]:
        """Plain values."""
        return self._asdict() | {"holds": self.holds}


def deletion_insertion(question: Question, modality: str, scores: Float[np.ndarray, "*shape"]) -> dict[str, Curves]:
    """Deletion and insertion of cells or words, with each baseline: BLUR, BLACK and GREY, or LEFT_OUT for words.

    After Petsiuk, Das and Saenko, "RISE", BMVC 2018, who take single pixels away, 224 at a time, delete to one grey and
    insert into a blurred picture. Here cells of the map itself are taken, in 12 steps, so that no upsampling decides
    their order, and both directions are measured with each of three films: blurred (a Gaussian with a sixteenth of the
    side as its standard deviation), black, and of the mean grey of this film (within its box; what is around it stays
    black). The area alone says more of the film than of the map, so it is
    held against that of a random order and its opposite, the same for every method. Equal scores are ordered by chance.

    Args:
        question: at one β.
        scores: a map, or a score for each word.

    Returns:
        By baseline; empty where all scores are the same: they name no order.

    Raises:
        Cancelled: the answer is not wanted any more.
    """
    if _names_no_order(scores):
        return {}
    rng = np.random.default_rng(SEED)
    ranked = _ranked(scores, rng)
    random = rng.permutation(scores.size)
    # Inserting by an order is deleting by its opposite, read backwards.
    taken = np.stack([_taken(order) for order in (ranked, ranked[::-1], random, random[::-1])])
    each, places = np.unique(taken.reshape(-1, scores.size), axis=0, return_inverse=True)
    curves = {}
    for baseline, pooled in _pooled_without(question, modality, torch.from_numpy(each), scores.shape):
        p = _probabilities(question, modality, pooled)[places.reshape(4, -1)]
        curves[baseline] = Curves(p[0], p[1][::-1], p[2:].mean(0))
    return curves


def steps_of(scores: Float[np.ndarray, "*shape"]) -> Steps | None:
    """At which of FRACTIONS `deletion_insertion` takes each unit away, and gives it back; None where it does not."""
    if _names_no_order(scores):
        return None
    ranked = _ranked(scores, np.random.default_rng(SEED))
    away = (~_taken(ranked)).sum(0), _taken(ranked[::-1]).sum(0)
    return Steps(*(steps.reshape(scores.shape) for steps in away))


def verdicts(curves: dict[str, Curves]) -> dict[str, Verdict]:
    """Of `deletion` and `insertion` for one case: the area is below, or above, the random one. Empty without curves."""
    if not curves:
        return {}
    areas = [c.areas() for c in curves.values()]
    falls = sum(a["deletion"] < a["random"] for a in areas)
    rises = sum(a["insertion"] > a["random"] for a in areas)
    return {"deletion": Verdict(falls, len(areas)), "insertion": Verdict(rises, len(areas))}


def _names_no_order(scores: np.ndarray) -> bool:
    return scores.size < 2 or bool(np.ptp(scores) == 0)


def _ranked(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The units, the highest first; equal ones by chance."""
    return np.lexsort((rng.random(scores.size), -scores.ravel()))


def _taken(order: np.ndarray) -> Bool[np.ndarray, "steps units"]:
    """Which units are away at each of FRACTIONS."""
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    return rank < np.round(np.arange(FLIP_STEPS + 1) * len(order) / FLIP_STEPS)[:, None]


def _pooled_without(
    question: Question, modality: str, removed: Bool[torch.Tensor, "n units"], shape: tuple[int, ...]
) -> Iterator[tuple[str, Float[torch.Tensor, "n channels"]]]:
    """The pooled vectors of the modality without some of its units, by baseline."""
    if modality == "report":
        yield LEFT_OUT, pool_without(question, removed)
        return
    square, _, box = question.encoded.image_part
    for baseline, film in baselines(square, box).items():
        yield baseline, _pool_films(question, removed.unflatten(1, shape), film)


def baselines(square: Float[torch.Tensor, "1 1 side side"], box: Box) -> dict[str, torch.Tensor]:
    """What stands where a cell of a film is taken away: BLUR, BLACK and GREY, each of the film's own shape."""
    inside = (..., *box.on_square(square.shape[-1]))
    grey = torch.zeros_like(square)
    grey[inside] = square[inside].mean()
    return {BLUR: blur(square), BLACK: torch.zeros_like(square), GREY: grey}


@torch.no_grad()
def _pool_films(
    question: Question, removed: Bool[torch.Tensor, "n rows cols"], instead: Float[torch.Tensor, "1 1 side side"]
) -> Float[torch.Tensor, "n channels"]:
    """The pooled vectors of the film with another one in some of its cells."""
    network, square = question.engine.network, question.encoded.image_part.square
    pooled = []
    for cells in removed[:, None].split(BATCH):
        question.pause()
        gone = interpolate(cells.float().to(square.device), square.shape[-2:], mode="nearest") > 0
        pooled.append(network.pool_map(network.feature_map(torch.where(gone, instead, square))))
    return torch.cat(pooled)


def _probabilities(question: Question, modality: str, pooled: torch.Tensor) -> Float[np.ndarray, "n"]:
    logits = question.logits_with(modality, pooled)[:, 0]
    return question.engine.network.probabilities(logits)[:, question.index].cpu().numpy()
