"""Evidence that reviewers marked as wrong: a box on the film, words of the report. The model is to look elsewhere.

A penalty on the gradient in the wrong place (Ross, Hughes and Doshi-Velez, "Right for the Right Reasons", IJCAI 2017),
taken where the encoders end: the Grad-CAM of the cells inside a box, and the contextual CAM of the words, are linear in
∂logit/∂pooled, with factors that depend on the encoders alone and are computed once.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from model.errors import InputError
from model.feedback.corrections import Correction
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Network, Pooled
from model.studies.table import StudyTable, load_film
from model.training.batches import draw_beta

PENALTY_BATCH = 16  # studies a step


class ReviewerMark(NamedTuple):
    """The wrong evidence of one study. Evidence is factors · ∂logit/∂pooled, in units of the checkpoint's colours."""

    pooled: Pooled  # batch of 1
    has: Float[Tensor, "1 2"]
    cells: Float[Tensor, "cells image_channels"]
    pieces: Float[Tensor, "pieces report_channels"]


def evidence_penalty(network: Network, marks: Sequence[ReviewerMark]) -> Float[Tensor, ""]:
    """The mean over some of the marked studies, each at a β and of a finding drawn anew, of the squared evidence in the
    wrong places. It can be differentiated by the network's parameters."""
    some = [marks[i] for i in torch.randperm(len(marks))[:PENALTY_BATCH].tolist()]
    pooled = Pooled(*(torch.cat(p).requires_grad_() for p in zip(*(m.pooled for m in some), strict=True)))
    has = torch.cat([m.has for m in some])
    logits = network.log_odds(network(pooled, draw_beta(has)))
    drawn = torch.randint(logits.shape[1], (len(some), 1), device=logits.device)
    gradients = torch.autograd.grad(logits.gather(1, drawn).sum(), pooled, create_graph=True)
    each = [
        (mark.cells @ image).square().sum() + (mark.pieces @ report).square().sum()
        for mark, image, report in zip(some, *gradients, strict=True)
    ]
    return torch.stack(each).mean()


def read_marks(engine: Engine, table: StudyTable, corrected: Iterable[Correction]) -> list[ReviewerMark]:
    """The marks of studies, by running the encoders on them. Those on words of a report that has changed since are left
    out, and so are studies that cannot be read any more."""
    marks = []
    for correction in corrected:
        study = table.by_id(correction.study_id)
        words = correction.wrong_words if correction.report == study.report else ()
        if not correction.wrong_regions and not words:
            continue
        try:
            encoded = engine.encode(load_film(study), study.report)
        except InputError:
            continue
        marks.append(mark(engine.network, encoded, correction.wrong_regions, words))
    return marks


def mark(network: Network, encoded: Encoded, regions: tuple, words: tuple) -> ReviewerMark:
    """What is wrong in one encoded case; regions as in `cells_inside`, words as spans of the report's characters."""
    cells = torch.zeros(0, network.image_channels)
    if encoded.features is not None:
        features = encoded.features[0]
        inside = torch.from_numpy(cells_inside(regions, encoded.box, *features.shape[1:])).to(features.device)
        cells = features[:, inside].T / features[0].numel() / network.cell_scale
    pieces = torch.zeros(0, network.report_encoder.channels)
    if encoded.hidden is not None:
        hidden, (starts, ends) = encoded.hidden[0], encoded.report_part.tokens.offsets[0].T
        wrong = torch.zeros(len(hidden), dtype=torch.bool, device=hidden.device)
        for start, end in words:
            wrong |= (starts < end) & (ends > start)
        pieces = hidden[wrong] / len(hidden) / network.word_scale
    device = encoded.pooled.image.device
    has = torch.tensor([[m in encoded.modalities for m in ("image", "report")]], dtype=torch.float32, device=device)
    return ReviewerMark(encoded.pooled, has, cells.to(device), pieces.to(device))


def cells_inside(regions: tuple, box, rows: int, cols: int) -> np.ndarray:
    """Which cells of a feature map have their centre in a region.

    Args:
        regions: top, left, height and width in fractions of the film.
        box: where the film lies in the square that the map covers.
    """
    down = ((np.arange(rows) + 0.5) / rows - box.top) / box.height
    across = ((np.arange(cols) + 0.5) / cols - box.left) / box.width
    inside = np.zeros((rows, cols), bool)
    for top, left, height, width in regions:
        inside |= np.outer((down >= top) & (down <= top + height), (across >= left) & (across <= left + width))
    return inside
