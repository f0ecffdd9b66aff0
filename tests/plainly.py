"""Deletion and insertion in plain loops: one film or report at a time, as the definition reads."""

from itertools import pairwise

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Pooled

STEPS = 12
EVERY = tuple(range(STEPS + 1))


def orders(scores: np.ndarray, seed: int = 0) -> tuple[list[int], list[int]]:
    """The units from the highest score to the lowest, and in the random order of the seed. No two scores are equal."""
    rng = np.random.default_rng(seed)
    rng.random(scores.size)  # what equal scores would be ordered by
    flat = scores.ravel().tolist()
    return sorted(range(len(flat)), key=lambda unit: -flat[unit]), rng.permutation(scores.size).tolist()


def curves(probability, scores: np.ndarray, steps: tuple[int, ...] = EVERY) -> dict[str, list[float]]:
    """The probability after some of the steps, from that of the case without some of its units."""
    ranked, random = orders(scores)
    n = scores.size

    def away(order: list[int], step: int) -> float:
        return probability(order[: round(n * step / STEPS)])

    def back(order: list[int], step: int) -> float:
        return probability(order[n - round(n * (STEPS - step) / STEPS) :])

    return {
        "deletion": [away(ranked, step) for step in steps],
        "insertion": [back(ranked, step) for step in steps],
        "random": [(away(random, step) + away(random[::-1], step)) / 2 for step in steps],
    }


def areas(probability, scores: np.ndarray) -> dict[str, float]:
    """The area under each curve."""
    found = curves(probability, scores)
    return {name: sum((a + b) / 2 for a, b in pairwise(values)) / STEPS for name, values in found.items()}


def of_film(engine: Engine, encoded: Encoded, index: int, beta: float, shape: tuple[int, int], baseline: str):
    """The probability of a finding of the film without some cells of a map of this shape."""
    square = encoded.square[0, 0].numpy()
    side = len(square)
    if baseline == "blur":
        instead = gaussian_filter(square, side / 16, mode="mirror", truncate=2)
    elif baseline == "black":
        instead = np.zeros_like(square)
    else:
        top, left, height, width = (round(part * side) for part in encoded.box)
        instead = np.zeros_like(square)
        instead[top : top + height, left : left + width] = square[top : top + height, left : left + width].mean()
    high, wide = side // shape[0], side // shape[1]

    @torch.no_grad()
    def probability(gone: list[int]) -> float:
        film = square.copy()
        for cell in gone:
            row, col = divmod(cell, shape[1])
            place = slice(row * high, (row + 1) * high), slice(col * wide, (col + 1) * wide)
            film[place] = instead[place]
        pooled = engine.network.feature_map(torch.from_numpy(film)[None, None]).mean((2, 3))
        return _decided(engine, Pooled(pooled, encoded.pooled.report), index, beta)

    return probability


def of_report(engine: Engine, encoded: Encoded, index: int, beta: float, words):
    """The probability of a finding of the report without some of its words: its other pieces, at their own places."""
    encoder, tokens = engine.network.report_encoder, encoded.tokens
    starts = tokens.offsets[0, :, 0].tolist()
    ends = tokens.offsets[0, :, 1].tolist()

    @torch.no_grad()
    def probability(gone: list[int]) -> float:
        spans = [(words[word].start, words[word].end) for word in gone]
        kept = [
            piece
            for piece in range(tokens.ids.shape[1])
            if tokens.special[0, piece]
            or not any(start <= starts[piece] and ends[piece] <= end for start, end in spans)
        ]
        hidden = encoder.bert(input_ids=tokens.ids[:, kept], position_ids=torch.tensor([kept])).last_hidden_state
        return _decided(engine, Pooled(encoded.pooled.image, hidden.mean(1)), index, beta)

    return probability


def _decided(engine: Engine, pooled: Pooled, index: int, beta: float) -> float:
    logits = engine.network(pooled, torch.tensor([[beta]]))[0].double()
    if engine.config.problem_type == "single_label_classification":
        return float(logits[index].exp() / logits.exp().sum())
    return float(1 / (1 + (-logits[index]).exp()))
