"""Many cases explained at one β each with few passes of the networks."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explain.archive.batch.encoded import Batch, Case, encode_cases
from explain.archive.batch.words import batched_method
from explain.every_beta.evidence import CURVE_BETAS, flips
from explain.every_beta.shapley import Contribution, shares
from explain.methods.base import PooledGradient
from explain.methods.words import Word, merge_pieces, split_words
from model.config import SINGLE_LABEL
from model.inference.engine import Engine
from model.network.encoders.report import Tokens
from model.network.network import Pooled, allowed_beta
from model.network.preprocess import Box


class Explained(NamedTuple):
    """Why a model decided on a finding of a case at β. In logits where nothing else is said."""

    finding: str
    beta: float  # as the case allows it
    probabilities: Float[np.ndarray, "findings"]
    logit: float
    reference_logit: float
    image: float  # Shapley values of image and report
    report: float
    interaction: float
    flips: tuple[float, ...]  # β at which the decision on the finding changes
    report_method: str | None  # None without a report
    report_error: float | None  # completeness error, as a share; None where the method promises none
    cam: Float[np.ndarray, "rows cols"] | None  # Grad-CAM before ReLU, over the square
    box: Box | None  # the film inside the square
    words: tuple[Word, ...]
    word_scores: Float[np.ndarray, "words"]
    read_to: int  # characters of the report that were read


def explain_cases(
    engine: Engine, cases: list[Case], beta: float, finding: str | None, report_method: str
) -> list[Explained]:
    """Explain cases at β, the film by Grad-CAM: what `explain.evidence` gives at that β.

    A case does not depend on the others, but reports are padded to the longest: give such as are of like length.

    Args:
        beta: in [0, 1]; taken as each case allows it.
        finding: or None for the most probable one of each case.
        report_method: see `explain.archive.batch.words`.

    Raises:
        ChoiceError: the finding or the method is unknown.
    """
    method = batched_method(report_method)
    batch = encode_cases(engine, cases, beta, finding)
    gradient = _gradient(batch)
    cams = torch.einsum("nc,ncrk->nrk", gradient.image / batch.features[0, 0].numel(), batch.features).cpu().numpy()
    pieces = method(batch, gradient)
    errors = None if pieces.errors is None else pieces.errors.tolist()
    tokens = Tokens(*(t.cpu() for t in batch.tokens))
    probabilities = batch.probabilities.cpu().numpy()
    shared, turns = _shares(batch), _flips(batch)
    explained = []
    for i, case in enumerate(cases):
        own = Tokens(*(t[i : i + 1] for t in tokens))
        read_to = int(own.offsets.max())
        words = split_words(case.report, read_to)
        explained.append(
            Explained(
                finding=engine.findings[int(batch.index[i])],
                beta=round(float(batch.beta[i]), 6),
                probabilities=probabilities[i],
                logit=float(shared.logit[i]),
                reference_logit=float(shared.reference_logit[i]),
                image=float(shared.values[i, 0]),
                report=float(shared.values[i, 1]),
                interaction=float(shared.interaction[i]),
                flips=turns[i],
                report_method=report_method if case.report else None,
                report_error=errors[i] if errors and case.report else None,
                cam=None if case.square is None else cams[i],
                box=case.box,
                words=words,
                word_scores=merge_pieces(pieces.scores[i : i + 1], own, words)[0],
                read_to=read_to,
            )
        )
    return explained


def _gradient(batch: Batch) -> PooledGradient:
    """∂logit/∂pooled, a row a case."""
    leaf = Pooled(*(p.clone().requires_grad_() for p in batch.pooled))
    with torch.enable_grad():
        # Rows do not mix, so the gradient of the sum holds the gradient of each row.
        total = batch.logits(leaf, _rows(batch)).sum()
    return PooledGradient(*torch.autograd.grad(total, leaf))


@torch.no_grad()
def _shares(batch: Batch) -> Contribution:
    """As `explain.every_beta.shapley.shapley`, a row a case."""
    network, cases = batch.engine.network, len(batch.beta)
    present = network.embed(batch.pooled)
    absent = network.image_reference.expand(cases, -1), network.report_reference.expand(cases, -1)

    def logit(image: Tensor, report: Tensor) -> Float[np.ndarray, "cases"]:
        logits = network.log_odds(network.decide(image, report, batch.beta))
        return logits.gather(1, batch.index)[:, 0].double().cpu().numpy()

    return shares(logit(*present), logit(present[0], absent[1]), logit(absent[0], present[1]), logit(*absent))


@torch.no_grad()
def _flips(batch: Batch) -> list[tuple[float, ...]]:
    network, points = batch.engine.network, len(CURVE_BETAS)
    image, report = (e.repeat_interleave(points, 0) for e in network.embed(batch.pooled))
    curve = torch.tensor(CURVE_BETAS, dtype=torch.float32, device=image.device).repeat(len(batch.beta))[:, None]
    beta = allowed_beta(batch.has.repeat_interleave(points, 0), curve)
    curves = network.probabilities(network.decide(image, report, beta)).unflatten(0, (-1, points)).cpu().numpy()
    single = network.config.problem_type == SINGLE_LABEL
    return [flips(curve, int(index), single) for curve, index in zip(curves, batch.index, strict=True)]


def _rows(batch: Batch) -> Tensor:
    return torch.arange(len(batch.beta), device=batch.beta.device)
