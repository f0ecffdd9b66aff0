"""Does an explanation hold where it should, and change where it must? Under small noise it should stay; explaining a
network that has learnt nothing, it must become another.

Each takes the scores of one modality at one β.
"""

import copy
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import spearmanr

from explain.methods.base import Question
from explain.methods.pieces import masks_without
from explain.methods.registry import Method
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.encoders.report import pool_pieces
from model.network.network import Pooled

NOISE = 0.02  # standard deviation added to a film whose values are in [0, 1]
WORDS_LOST = 0.05
RANDOM_NETWORKS = 3
INITIAL = 0.02  # standard deviation where what was learnt has none, as BERT's layers begin with


def stability(question: Question, modality: str, method: Method, scores: Float[np.ndarray, "*shape"]) -> float | None:
    """Spearman's rank correlation, −1 to 1, of scores with those of the case under small noise: a film with a standard
    deviation of 2 % of grain, a report without 5 % of its words (one at least), which are left out of the comparison.
    None where it is undefined.
    """
    rng, compared = np.random.default_rng(0), np.ones(scores.size, bool)
    if modality == "image":
        square = question.encoded.image_part.square
        grain = torch.from_numpy(rng.normal(0, NOISE, square.shape).astype(np.float32)).to(square.device)
        noisy = with_film(question.engine, question.encoded, (square + grain).clamp(0, 1))
    else:
        compared[rng.permutation(scores.size)[: max(1, round(WORDS_LOST * scores.size))]] = False
        mask = masks_without(question, torch.from_numpy(~compared)[None])
        noisy = with_words(question.engine, question.encoded, mask)
    again = method.explain(replace(question, encoded=noisy)).scores[0]
    correlation = rank_correlation(scores.ravel()[compared], again.ravel()[compared])
    return None if np.isnan(correlation) else correlation


class Sanity(NamedTuple):
    """How alike the explanations by random networks are: near 0 for a method that explains the model; high for one
    that would show the same edges or words, or their opposite, whatever was learnt.

    size: the mean size of the rank correlations, in which signs cannot cancel.
    spread: their standard deviation, of either sign; None of fewer than two.
    """

    size: float
    spread: float | None


def sanity(
    question: Question, modality: str, method: Method, scores: Float[np.ndarray, "*shape"], seed: int
) -> Sanity | None:
    """The parameter-randomisation check (Adebayo et al., NeurIPS 2018) with RANDOM_NETWORKS networks of the same kind
    with random weights. None where no correlation is defined."""
    found = sanity_of_each(question, modality, method, scores, seed)
    known = found[~np.isnan(found)]
    if not len(known):
        return None
    return Sanity(float(np.abs(known).mean()), float(known.std(ddof=1)) if len(known) > 1 else None)


def sanity_of_each(
    question: Question, modality: str, method: Method, scores: Float[np.ndarray, "*shape"], seed: int
) -> Float[np.ndarray, "networks"]:
    """Spearman's rank correlation of scores with those by each random network; NaN where one of the two is constant."""
    found = []
    for number in range(RANDOM_NETWORKS):
        question.pause()
        other, encoded = randomised(question.engine, seed + number), question.encoded
        if modality == "image":
            encoded = with_film(other, encoded, encoded.image_part.square)
        else:
            encoded = with_words(other, encoded, encoded.report_part.tokens.mask)
        again = method.explain(replace(question, engine=other, encoded=encoded)).scores[0]
        found.append(rank_correlation(scores.ravel(), again.ravel()))
    return np.array(found)


@lru_cache(maxsize=2 * RANDOM_NETWORKS)
def randomised(engine: Engine, seed: int) -> Engine:
    """The engine's network with every parameter and buffer that training changes drawn anew: as its layers draw them
    when they are made; what no layer draws (class tokens, embeddings of positions, tables of biases, scales of layers)
    from a normal distribution of its own mean and spread; statistics of batches as they are before any."""
    network = copy.deepcopy(engine.network)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for parameter in network.parameters():
            spread = parameter.std() if parameter.numel() > 1 else parameter.abs().mean()
            drawn = torch.randn(parameter.shape) * float(spread.nan_to_num(0) or INITIAL) + float(parameter.mean())
            parameter.copy_(drawn)
        for module in network.modules():
            for draw in ("reset_parameters", "_reset_parameters"):
                if hasattr(module, draw):
                    getattr(module, draw)()
                    break
            if callable(reset := getattr(module, "reset_running_stats", None)):
                reset()
    return Engine(network, f"{engine.digest}-random-{seed}", engine.device)


def rank_correlation(a: Float[np.ndarray, "n"], b: Float[np.ndarray, "n"]) -> float:
    """Spearman's ρ, ties with their mean rank; NaN where one of the two is constant: it names no order that the other
    could agree with."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    rho, _ = cast(tuple[float, float], spearmanr(a, b))
    return float(rho)


@torch.no_grad()
def with_film(engine: Engine, encoded: Encoded, square: torch.Tensor) -> Encoded:
    """The case with another film in its place, of the same box."""
    features = engine.network.feature_map(square)
    pooled = Pooled(engine.network.pool_map(features), encoded.pooled.report)
    return encoded._replace(square=square, features=features, pooled=pooled)


@torch.no_grad()
def with_words(engine: Engine, encoded: Encoded, mask: torch.Tensor) -> Encoded:
    """The case with those of its pieces alone that the mask names."""
    encoder, tokens = engine.network.report_encoder, encoded.report_part.tokens._replace(mask=mask)
    hidden = encoder(encoder.embed(tokens.ids), mask)
    pooled = Pooled(encoded.pooled.image, pool_pieces(hidden, mask))
    return encoded._replace(tokens=tokens, hidden=hidden, pooled=pooled)
