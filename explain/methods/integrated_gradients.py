"""Integrated gradients (Sundararajan et al., ICML 2017) through either encoder, factored over β.

attributions(β) = (input − baseline) · ∫₀¹ ∂logit/∂input at β along the straight path. The encoder runs once a point of
the path, and backwards a few times for all β: see `explain.methods.low_rank_jacobian`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from explain.methods.base import Attribution, Batch
from explain.methods.low_rank_jacobian import pull_back

# Intervals of the path: doubled until the attributions add up to the change of the logit within this share, or none is
# left to try. Half of the 1 % that the tests of an explanation ask for: a sum may be right where single words are not.
STEPS = (40, 80, 160)
COMPLETENESS = 0.005
# At once in memory: so many points of a path, of as many cases as make no more than so many films (of 320 pixels each
# takes 160 MB) or word pieces (on a CPU what stays in its cache is fastest).
POINTS = {"image": 4, "report": 16}
MOST = {"image": {"cpu": 4, "cuda": 64}, "report": {"cpu": 2048, "cuda": 65_536}}


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
    batch: Batch,
    modality: str,
    actual: list[Float[Tensor, "_length *shape"]],
    baseline: list[Float[Tensor, "_length *shape"]],
    pool: Callable[[Float[Tensor, "n longest *shape"], Int[Tensor, "n"]], Float[Tensor, "n channels"]],
    fold: Callable[[Float[Tensor, "n longest *shape"]], Float[Tensor, "n *units"]],
    doublings: tuple[int, ...] = STEPS,
) -> list[Attribution]:
    """Attributions of each case at each β, and their completeness error.

    Args:
        modality: `image` or `report`: whose encoder the paths run through; the other one's vector stays.
        actual: the input of each case; of several cases they are padded at the end of their first axis.
        baseline: likewise, where its path begins.
        pool: from points of the paths of some cases, named by their places, to pooled vectors.
        fold: sums what belongs to one unit that is scored: a word piece, a cell. What is padded is a unit each.
        doublings: intervals of the path to try in turn, each twice the one before.

    Raises:
        Cancelled: the answer is not wanted any more.
    """
    paths = _Paths(batch, modality, baseline, [a - b for a, b in zip(actual, baseline, strict=True)], pool, fold)
    with torch.no_grad():
        difference = (_log_odds(paths, actual) - _log_odds(paths, baseline)).cpu().numpy()
    values: dict[int, np.ndarray] = {}
    found: dict[int, Attribution] = {}
    errors: dict[int, float] = {}
    unfinished = list(range(len(actual)))
    for steps in doublings:
        points, weights = clenshaw_curtis(steps)
        fresh = _along(paths, unfinished, points[1::2] if values else points)
        values = {i: interleave(values[i], fresh[i]) if values else fresh[i] for i in unfinished}
        for i, change in zip(unfinished, difference[unfinished], strict=True):
            scores = np.tensordot(weights, values[i], 1)
            off = np.abs(scores.reshape(len(scores), -1).sum(1) - change).max() / max(np.abs(change).max(), 1e-6)
            found[i], errors[i] = Attribution(scores, float(off)), float(off)
        unfinished = [i for i in unfinished if errors[i] > COMPLETENESS]
        if not unfinished:
            break
    return [found[i] for i in range(len(actual))]


class _Paths(NamedTuple):
    """The straight path of each case."""

    batch: Batch
    modality: str
    start: list[Tensor]
    step: list[Tensor]  # from there to the input
    pool: Callable[[Tensor, Tensor], Tensor]
    fold: Callable[[Tensor], Tensor]

    def groups(self, cases: list[int]) -> Iterator[list[int]]:
        """Cases of like length, as many as may be in memory at once."""
        most, group = MOST[self.modality][self.step[0].device.type] // POINTS[self.modality], []
        for case in sorted(cases, key=lambda i: len(self.step[i])):
            if group and (len(group) + 1) * len(self.step[case]) > most:
                yield group
                group = []
            group.append(case)
        yield group


def _log_odds(paths: _Paths, inputs: list[Tensor]) -> Float[Tensor, "cases betas"]:
    """Of the cases, with these inputs in place of theirs."""
    of = paths.batch.each
    vectors = paths.pool(pad_sequence(inputs, batch_first=True), of)
    return paths.batch.log_odds(paths.batch.logits_with(paths.modality, vectors, of), of)


def _along(
    paths: _Paths, cases: list[int], points: Float[np.ndarray, "points"]
) -> dict[int, Float[np.ndarray, "points betas *units"]]:
    """step · ∂logit/∂input at points of the paths of some cases, folded."""
    batch, found = paths.batch, {}
    for group in paths.groups(cases):
        start, step = (
            pad_sequence([of_all[i] for i in group], batch_first=True) for of_all in (paths.start, paths.step)
        )
        at, values = torch.tensor(points, dtype=step.dtype, device=step.device), []
        for chunk in at.split(POINTS[paths.modality]):
            batch.pause()
            of = torch.tensor(group, device=step.device).repeat_interleave(len(chunk))
            steps = step.repeat_interleave(len(chunk), 0)
            where = chunk.repeat(len(group)).view(-1, *[1] * (step.ndim - 1))
            inputs = (start.repeat_interleave(len(chunk), 0) + where * steps).requires_grad_()
            with torch.enable_grad():
                pooled = paths.pool(inputs, of)
            gradient = batch.gradient_at(batch.vectors_with(paths.modality, pooled.detach(), of), of)
            cotangents = getattr(gradient, paths.modality)
            rows = pull_back(pooled, inputs, cotangents, lambda g, steps=steps: paths.fold(g * steps))
            values.append(rows.unflatten(0, (len(group), len(chunk))))
        for i, own in zip(group, torch.cat(values, 1).cpu().numpy(), strict=True):
            found[i] = own[..., : own.shape[-1] - (step.shape[1] - len(paths.step[i]))]
    return found


def interleave(even: Float[np.ndarray, "n *shape"], odd: Float[np.ndarray, "m *shape"]) -> np.ndarray:
    """The values at the points of a rule, from those at every second one and those between; n is m + 1."""
    both = np.empty((len(even) + len(odd), *even.shape[1:]), even.dtype)
    both[::2], both[1::2] = even, odd
    return both
