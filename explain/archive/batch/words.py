"""What the word pieces of many reports add to their decisions: the methods of `explain.methods.report`
that can be had for all cases of a batch at once."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from explain.archive.batch.encoded import Batch
from explain.methods.base import PooledGradient
from explain.methods.integrated_gradients import COMPLETENESS, STEPS, clenshaw_curtis, interleave
from model.errors import ChoiceError
from model.network.encoders.report import pool_pieces
from model.network.network import Pooled

# Word pieces in memory at once, over all path points: on a CPU what stays in its cache is fastest.
PIECES = {"cpu": 2048, "cuda": 65_536}


class PieceScores(NamedTuple):
    """Scores in logits, 0 for special pieces and for cases without a report; and the completeness errors, as shares,
    where the method promises completeness."""

    scores: Float[np.ndarray, "cases pieces"]
    errors: Float[np.ndarray, "cases"] | None


def contextual_cam(batch: Batch, gradient: PooledGradient) -> PieceScores:
    """As `explain.methods.report.contextual_cam`."""
    weights = batch.has[:, 1:] * batch.tokens.mask / batch.tokens.mask.sum(1, keepdim=True)
    scores = torch.einsum("nc,npc->np", gradient.report, batch.hidden) * weights
    return PieceScores(scores.cpu().numpy(), None)


def integrated_gradients(batch: Batch, gradient: PooledGradient) -> PieceScores:
    """As `explain.methods.report.integrated_gradients`, with the gradient at one β in place of a basis for all."""
    encoder, tokens = batch.engine.network.report_encoder, batch.tokens
    with torch.no_grad():
        baseline = encoder.embed(torch.where(tokens.special, tokens.ids, encoder.tokenizer.pad_token_id))
        path = _Path(batch, baseline, encoder.embed(tokens.ids) - baseline)
        difference = (path.logits(1.0) - path.logits(0.0)).cpu().numpy()
    scores, errors = np.zeros(tokens.ids.shape, np.float32), np.zeros(len(difference), np.float32)
    unfinished, values = np.flatnonzero(batch.has[:, 1].cpu().numpy()), None
    for steps in STEPS:
        points, weights = clenshaw_curtis(steps)
        fresh = path.values(unfinished, points if values is None else points[1::2])
        values = fresh if values is None else interleave(values, fresh)
        scores[unfinished] = np.tensordot(weights, values, 1)
        change = difference[unfinished]
        errors[unfinished] = np.abs(scores[unfinished].sum(1) - change) / np.maximum(np.abs(change), 1e-6)
        left = errors[unfinished] > COMPLETENESS
        unfinished, values = unfinished[left], values[:, left]
        if not len(unfinished):
            break
    return PieceScores(scores, errors)


class _Path(NamedTuple):
    """The straight paths from blank reports to those of the cases, in word embeddings."""

    batch: Batch
    baseline: Float[Tensor, "cases pieces channels"]
    step: Float[Tensor, "cases pieces channels"]  # from the baseline to the report

    def logits(self, at: float) -> Float[Tensor, "cases"]:
        """At one point of the paths of all cases, from 0 to 1."""
        rows = torch.arange(len(self.step), device=self.step.device)
        return self._logits(self.baseline + at * self.step, rows, self.batch.tokens.mask)

    def values(
        self, cases: Int[np.ndarray, "n"], points: Float[np.ndarray, "points"]
    ) -> Float[np.ndarray, "points n pieces"]:
        """step · ∂logit/∂embeddings, summed over channels, at points of the paths of some cases."""
        device = self.step.device
        found = torch.zeros(len(points), len(cases), self.step.shape[1], device=device)
        at, lengths = torch.tensor(points, dtype=self.step.dtype, device=device), self.batch.tokens.mask.sum(1).cpu()
        for who, where in _pairs(lengths[cases], len(points), PIECES[device.type]):
            rows = torch.from_numpy(cases)[who]
            kept = int(lengths[rows].max())
            rows, who, where = rows.to(device), who.to(device), where.to(device)
            step, mask = self.step[rows, :kept], self.batch.tokens.mask[rows, :kept]
            inputs = (self.baseline[rows, :kept] + at[where, None, None] * step).requires_grad_()
            with torch.enable_grad():
                total = self._logits(inputs, rows, mask).sum()  # rows do not mix
            found[where, who, :kept] = (torch.autograd.grad(total, inputs)[0] * step).sum(-1)
        return found.cpu().numpy()

    def _logits(self, embeddings, rows, mask) -> Float[Tensor, "n"]:
        pooled = pool_pieces(self.batch.engine.network.report_encoder(embeddings, mask), mask)
        return self.batch.logits(Pooled(self.batch.pooled.image[rows], pooled), rows)


def _pairs(
    lengths: Int[Tensor, "n"], points: int, most: int
) -> Iterator[tuple[Int[Tensor, "pairs"], Int[Tensor, "pairs"]]]:
    """Every pair of a case and a point of its path, as many at a time as have at most so many pieces with the padding:
    cases of like length stand together, so that little is padding."""
    order = lengths.argsort()
    who, where = order.repeat_interleave(points), torch.arange(points).repeat(len(order))
    sizes = lengths[who].tolist()
    start = 0
    for end in range(1, len(sizes) + 1):
        if end == len(sizes) or sizes[end] * (end + 1 - start) > most:
            yield who[start:end], where[start:end]
            start = end


METHODS = {"integrated_gradients": integrated_gradients, "contextual_cam": contextual_cam}


def batched_method(name: str) -> Callable[[Batch, PooledGradient], PieceScores]:
    """The method of that name.

    Raises:
        ChoiceError: there is none, or it explains one case at a time only.
    """
    if name not in METHODS:
        raise ChoiceError(f"Method {name!r} does not explain reports in batches; expected {' or '.join(METHODS)}.")
    return METHODS[name]
