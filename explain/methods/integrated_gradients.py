"""Integrated gradients (Sundararajan et al., ICML 2017) through either encoder, factored over β.

attributions(β) = (input − baseline) · ∫₀¹ ∂logit/∂input at β along the straight path. The encoder runs once a point of
the path, and backwards a few times for all β: see `explain.methods.low_rank_jacobian`.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explain.methods.base import Attribution, Question
from explain.methods.low_rank_jacobian import pull_back
from model.network.network import Pooled

# Intervals of the path: doubled until the attributions add up to the change of the logit within this share, or none is
# left to try. Half of the 1 % that the tests of an explanation ask for: a sum may be right where single words are not.
STEPS = (40, 80, 160)
COMPLETENESS = 0.005
BATCH = {"image": 4, "report": 16}  # path points in memory at once; of a film of 320 pixels each takes 160 MB


def clenshaw_curtis(intervals: int) -> tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"]]:
    """Points and weights of Clenshaw–Curtis quadrature on [0, 1], exact for polynomials of that degree.

    As good as Gauss–Legendre on such paths (Trefethen, SIAM Review 50, 2008), and with an even number of intervals
    every second point belongs to the rule of half as many: what was computed is used again.
    """
    n = intervals
    angle = np.pi * np.arange(n + 1) / n
    weights = np.ones(n + 1)
    for j in range(1, n // 2 + 1):
        weights -= (1 if 2 * j == n else 2) / (4 * j * j - 1) * np.cos(2 * j * angle)
    weights[[0, -1]] /= 2
    return (1 - np.cos(angle)) / 2, weights / n


def integrated_gradients(
    question: Question,
    modality: str,
    actual: Float[Tensor, "1 *shape"],
    baseline: Float[Tensor, "1 *shape"],
    pool: Callable[[Tensor], Float[Tensor, "n channels"]],
    fold: Callable[[Tensor], Float[Tensor, "n *units"]],
    doublings: tuple[int, ...] = STEPS,
) -> Attribution:
    """Attributions at each β of the question, and their completeness error.

    Args:
        modality: `image` or `report`: whose encoder the path runs through; the other one's vector stays.
        pool: from points of the path to pooled vectors.
        fold: sums what belongs to one unit that is scored: a word piece, a cell.
        doublings: intervals of the path to try in turn, each twice the one before.

    Raises:
        Superseded: the answer is not wanted any more.
    """
    with torch.no_grad():
        ends = [_logits(question, modality, pool(end))[:, 0] for end in (actual, baseline)]
    difference = (ends[0] - ends[1]).cpu().numpy()
    values = None
    for steps in doublings:
        points, weights = clenshaw_curtis(steps)
        fresh = _along(question, modality, actual, baseline, pool, fold, points if values is None else points[1::2])
        values = fresh if values is None else interleave(values, fresh)
        scores = np.tensordot(weights, values, 1)
        error = np.abs(scores.reshape(len(scores), -1).sum(1) - difference).max() / max(np.abs(difference).max(), 1e-6)
        if error <= COMPLETENESS:
            break
    return Attribution(scores, float(error))


def _along(question, modality, actual, baseline, pool, fold, points) -> Float[np.ndarray, "points betas *units"]:
    """(input − baseline) · ∂logit/∂input at points of the path, folded."""
    where = torch.tensor(points, dtype=actual.dtype, device=actual.device).view(-1, *[1] * (actual.ndim - 1))
    values = []
    for chunk in where.split(BATCH[modality]):
        question.pause()
        inputs = (baseline + chunk * (actual - baseline)).requires_grad_()
        with torch.enable_grad():
            pooled = pool(inputs)
        cotangents = _cotangents(question, modality, pooled.detach())
        values.append(pull_back(pooled, inputs, cotangents, lambda g: fold(g * (actual - baseline))).cpu().numpy())
    return np.concatenate(values)


def _cotangents(question: Question, modality: str, pooled: Tensor) -> Float[Tensor, "betas points channels"]:
    """∂logit/∂pooled at each β and path point."""
    betas = len(question.betas)
    leaf = pooled.expand(betas, *pooled.shape).clone().requires_grad_()
    with torch.enable_grad():
        flat = leaf.flatten(0, 1)
        beta = question.beta.repeat_interleave(len(pooled), 0)
        network = question.engine.network
        total = network.log_odds(network(_with_other(question, modality, flat), beta))[:, question.index].sum()
    return torch.autograd.grad(total, leaf)[0]


def _with_other(question: Question, modality: str, pooled: Tensor) -> Pooled:
    """These vectors of one modality beside the case's vector of the other."""
    given = {name: vector.expand(len(pooled), -1) for name, vector in question.encoded.pooled._asdict().items()}
    return Pooled(**(given | {modality: pooled}))


def _logits(question: Question, modality: str, pooled: Tensor) -> Float[Tensor, "betas n"]:
    return question.log_odds_of(*_with_other(question, modality, pooled))


def interleave(even: Float[np.ndarray, "n *shape"], odd: Float[np.ndarray, "m *shape"]) -> np.ndarray:
    """The values at the points of a rule, from those at every second one and those between; n is m + 1."""
    both = np.empty((len(even) + len(odd), *even.shape[1:]), even.dtype)
    both[::2], both[1::2] = even, odd
    return both
