"""Attributions of word pieces, at every β node at once: an instant tier and an exact one."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explain.gradient import PooledGradient, node_betas
from explain.nodes import COARSE, NODES, refine
from model.encoders.report import pool_pieces
from model.engine import Encoded, Engine
from model.network import Pooled

# Steps on the path: more are taken until attributions add up to the change of the logit within this share.
PATH_STEPS = (24, 48, 96, 192)
COMPLETENESS = 0.01
BATCH = 16  # path points in memory at once


class PieceScores(NamedTuple):
    """Signed attributions in logits, and how far they are from adding up (a share of the largest change; None: they
    need not)."""

    scores: Float[np.ndarray, "nodes pieces"]
    completeness_error: float | None


def contextual_cam(encoded: Encoded, gradient: PooledGradient) -> PieceScores:
    """The instant tier: Grad-CAM's analogue on text, ∂logit/∂pooled · hᵢ / T for the contextual piece hᵢ of T.

    Costs nothing beside the encoding. A contextual piece knows of its neighbours, so evidence can stand on the word
    beside the one that caused it.
    """
    scores = gradient.report @ encoded.hidden[0].T / encoded.hidden.shape[1]
    return PieceScores(scores.cpu().numpy(), None)


def integrated_gradients(
    engine: Engine, encoded: Encoded, index: int, path_steps: tuple[int, ...] = PATH_STEPS
) -> PieceScores:
    """Integrated gradients on the word embeddings (Sundararajan et al., ICML 2017), factored over β.

    The path runs from a report whose words are all [PAD] to the report, at Gauss–Legendre points. The encoder runs
    once a point; at each β node only the vector it is multiplied with differs: ∂logit/∂pooled at that point and node.
    Five nodes are computed and interpolated to the others: more change nothing beside what the path steps leave.

    Args:
        index: of the finding.
        path_steps: numbers of path points to try, until the attributions add up within 1 %.
    """
    actual, baseline = _ends(engine, encoded)
    difference = _logit_difference(engine, encoded, actual, baseline, index)
    for steps in path_steps:
        averaged = _average_gradient(engine, encoded, actual, baseline, index, steps)
        coarse = torch.einsum("npc,pc->np", averaged, (actual - baseline)[0]).cpu().numpy()
        scores = refine(coarse)
        error = np.abs(scores.sum(1) - difference).max() / max(np.abs(difference).max(), 1e-6)
        if error <= COMPLETENESS:
            break
    return PieceScores(scores, float(error))


@torch.no_grad()
def _ends(engine: Engine, encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Word embeddings of the report, and of the same with every piece but the special ones replaced by [PAD]."""
    encoder, tokens = engine.network.report_encoder, encoded.tokens
    padded = torch.where(tokens.special, tokens.ids, encoder.tokenizer.pad_token_id)
    return encoder.embed(tokens.ids), encoder.embed(padded)


def _pool(engine: Engine, encoded: Encoded, embeddings: Tensor) -> Tensor:
    mask = encoded.tokens.mask.expand(len(embeddings), -1)
    return pool_pieces(engine.network.report_encoder(embeddings, mask), mask)


@torch.no_grad()
def _logit_difference(engine, encoded, actual, baseline, index: int) -> Float[np.ndarray, "nodes"]:
    """logit(report) − logit(baseline) at each node."""
    ends = []
    for embeddings in (actual, baseline):
        report = _pool(engine, encoded, embeddings).expand(len(NODES), -1)
        image = encoded.pooled.image.expand(len(NODES), -1)
        ends.append(engine.network(Pooled(image, report), node_betas(engine, encoded))[:, index])
    return (ends[0] - ends[1]).cpu().numpy()


def _average_gradient(
    engine: Engine, encoded: Encoded, actual: Tensor, baseline: Tensor, index: int, steps: int
) -> Float[Tensor, "nodes pieces channels"]:
    """The mean over the path of ∂logit/∂embedding, at each coarse node."""
    points, weights = (torch.tensor(a, dtype=torch.float32, device=actual.device) for a in _gauss_legendre(steps))
    total = None
    for chunk in torch.arange(steps, device=actual.device).split(BATCH):
        embeddings = (baseline + points[chunk, None, None] * (actual - baseline)).requires_grad_()
        with torch.enable_grad():
            pooled = _pool(engine, encoded, embeddings)
        cotangents = _cotangents(engine, encoded, pooled.detach(), index) * weights[None, chunk, None]
        rows = [
            torch.autograd.grad(pooled, embeddings, c, retain_graph=k + 1 < len(cotangents))[0].sum(0)
            for k, c in enumerate(cotangents)
        ]
        total = torch.stack(rows) if total is None else total + torch.stack(rows)
    return total


def _cotangents(engine: Engine, encoded: Encoded, pooled: Tensor, index: int) -> Float[Tensor, "nodes points channels"]:
    """∂logit/∂pooled at each coarse node and path point."""
    nodes = node_betas(engine, encoded, NODES[COARSE])
    report = pooled.repeat_interleave(len(nodes), 0).requires_grad_()
    image = encoded.pooled.image.expand(len(report), -1)
    betas = nodes.repeat(len(pooled), 1)
    with torch.enable_grad():
        total = engine.network(Pooled(image, report), betas)[:, index].sum()
    gradient = torch.autograd.grad(total, report)[0]
    return gradient.unflatten(0, (len(pooled), len(nodes))).transpose(0, 1)


def _gauss_legendre(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(steps)
    return (points + 1) / 2, weights / 2
