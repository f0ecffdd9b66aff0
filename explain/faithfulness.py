"""Is an explanation true to the model? Tests that need no truth about the patient.

Each takes the scores of one modality at one β. Cells of the film are taken away by blurring them, words by leaving them
out.
"""

import copy
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.stats import spearmanr
from torch.nn.functional import interpolate

from explain.base import Question
from explain.image.occlusion import blur
from explain.methods import Method
from explain.report.pieces import masks_without, pool_without
from model.encoders.report import pool_pieces
from model.engine import Encoded, Engine
from model.network import Pooled

STEPS = 12
FRACTIONS = np.linspace(0, 1, STEPS + 1)
RANDOM_ORDERS = 2
NOISE = 0.02  # standard deviation added to a film whose values are in [0, 1]
WORDS_LOST = 0.05
BATCH = 8


class Curves(NamedTuple):
    """The probability of the finding while its evidence is taken away, or given back, the strongest first; and the mean
    of the same in random orders. One value at each of FRACTIONS."""

    deletion: Float[np.ndarray, "steps"]
    insertion: Float[np.ndarray, "steps"]
    random_deletion: Float[np.ndarray, "steps"]
    random_insertion: Float[np.ndarray, "steps"]

    def areas(self) -> dict[str, float]:
        """The area under each curve, 0 to 1. Faithful scores delete fast (a small area) and insert fast (a large)."""
        return {name: float(np.trapezoid(curve, FRACTIONS)) for name, curve in self._asdict().items()}


def deletion_insertion(question: Question, modality: str, scores: Float[np.ndarray, "*shape"]) -> Curves:
    """Deletion and insertion (Petsiuk et al., "RISE", BMVC 2018) of cells or words.

    Args:
        question: at one β.
        scores: a map, or a score for each word.

    Raises:
        Superseded: the answer is not wanted any more.
    """
    rng = np.random.default_rng(0)
    orders = [np.argsort(-scores.ravel(), kind="stable"), *(rng.permutation(scores.size) for _ in range(RANDOM_ORDERS))]
    counts = np.round(FRACTIONS * scores.size).astype(int)
    taken = np.zeros((len(orders), len(counts), scores.size), bool)
    for k, order in enumerate(orders):
        for row, count in zip(taken[k], counts, strict=True):
            row[order[:count]] = True
    removed = torch.from_numpy(np.stack([taken, ~taken])).flatten(0, 2)
    pooled = _pool_films(question, removed, scores.shape) if modality == "image" else pool_without(question, removed)
    deletion, insertion = _probabilities(question, modality, pooled).reshape(2, len(orders), len(counts))
    return Curves(deletion[0], insertion[0], deletion[1:].mean(0), insertion[1:].mean(0))


def stability(question: Question, modality: str, method: Method, scores: Float[np.ndarray, "*shape"]) -> float:
    """Spearman's rank correlation, −1 to 1, of scores with those of the case under small noise: a film with a standard
    deviation of 2 % of grain, a report without 5 % of its words (one at least), which are left out of the comparison.
    """
    rng = np.random.default_rng(0)
    if modality == "image":
        square = question.encoded.square
        grain = torch.from_numpy(rng.normal(0, NOISE, square.shape).astype(np.float32)).to(square.device)
        noisy = with_film(question.engine, question.encoded, (square + grain).clamp(0, 1))
        kept = np.ones(scores.size, bool)
    else:
        kept = np.ones(scores.size, bool)
        kept[rng.permutation(scores.size)[: max(1, round(WORDS_LOST * scores.size))]] = False
        mask = masks_without(question, torch.from_numpy(~kept)[None])
        noisy = with_words(question.engine, question.encoded, mask)
    again = method.explain(replace(question, encoded=noisy)).scores[0]
    return rank_correlation(scores.ravel()[kept], again.ravel()[kept])


def sanity(question: Question, modality: str, method: Method, scores: Float[np.ndarray, "*shape"], seed: int) -> float:
    """The parameter-randomisation check (Adebayo et al., NeurIPS 2018): Spearman's rank correlation of scores with
    those of the same network with random weights. Near 0 for a method that explains the model; high for one that would
    show the same edges or words whatever was learnt."""
    other = randomised(question.engine, seed)
    encoded = question.encoded
    if modality == "image":
        encoded = with_film(other, encoded, encoded.square)
    else:
        encoded = with_words(other, encoded, encoded.tokens.mask)
    again = method.explain(replace(question, engine=other, encoded=encoded)).scores[0]
    return rank_correlation(scores.ravel(), again.ravel())


@lru_cache(maxsize=4)
def randomised(engine: Engine, seed: int) -> Engine:
    """The engine's network with every parameter drawn anew, as its layers draw them when they are made."""
    network = copy.deepcopy(engine.network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    return Engine(network, f"{engine.digest}-random-{seed}", engine.device)


def rank_correlation(a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"]) -> float:
    """Spearman's ρ; 0 where one of the two is constant: it says nothing that the other could agree with."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


@torch.no_grad()
def with_film(engine: Engine, encoded: Encoded, square: torch.Tensor) -> Encoded:
    """The case with another film in its place, of the same box."""
    features = engine.network.feature_map(square)
    pooled = Pooled(engine.network.pool_map(features), encoded.pooled.report)
    return encoded._replace(square=square, features=features, pooled=pooled)


@torch.no_grad()
def with_words(engine: Engine, encoded: Encoded, mask: torch.Tensor) -> Encoded:
    """The case with those of its pieces alone that the mask names."""
    encoder, tokens = engine.network.report_encoder, encoded.tokens._replace(mask=mask)
    hidden = encoder(encoder.embed(tokens.ids), mask)
    pooled = Pooled(encoded.pooled.image, pool_pieces(hidden, mask))
    return encoded._replace(tokens=tokens, hidden=hidden, pooled=pooled)


@torch.no_grad()
def _pool_films(question: Question, removed: Bool[torch.Tensor, "n cells"], shape: tuple[int, ...]) -> torch.Tensor:
    """The pooled vectors of the film with some of its cells blurred."""
    network, square = question.engine.network, question.encoded.square
    blurred = blur(square)
    pooled = []
    for cells in removed.view(-1, 1, *shape).split(BATCH):
        question.pause()
        gone = interpolate(cells.float().to(square.device), square.shape[-2:], mode="nearest") > 0
        pooled.append(network.pool_map(network.feature_map(torch.where(gone, blurred, square))))
    return torch.cat(pooled)


def _probabilities(question: Question, modality: str, pooled: torch.Tensor) -> np.ndarray:
    vectors = question.encoded.pooled._replace(**{modality: pooled})
    logits = question.logits_of(*vectors)[0]
    return question.engine.network.probabilities(logits)[:, question.index].cpu().numpy()
