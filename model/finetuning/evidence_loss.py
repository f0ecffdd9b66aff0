"""Where reviewers say that a model must not look, and where it must.

Wrong evidence is a box on the film or words of the report, whatever the finding: a penalty on the gradient there (Ross,
Hughes and Doshi-Velez, "Right for the Right Reasons", IJCAI 2017). Where a finding is, is a box on the film: the share
of the evidence for it that lies outside is the loss (the energy loss of Rao, Böhle, Parchami-Araghi and Schiele,
"Studying How to Efficiently and Effectively Guide Models with Explanations", ICCV 2023).

Both are taken where the encoders end: Grad-CAM at a cell of the film, and the contextual CAM of words, are linear in
∂logit/∂pooled, with factors that depend on the encoders alone and are computed once.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from model.errors import InputError
from model.feedback.corrections import Correction
from model.feedback.record import FindingBox
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Network, Pooled
from model.progress import Progress
from model.studies.table import StudyTable, load_film
from model.training.batches import draw_beta

BATCH = 16  # studies a step
LEAST = 1e-6  # evidence, in units of the checkpoint's colours: where there is no more, none of it is in a box


class ReviewerMark(NamedTuple):
    """The marks on one study. Evidence is factors · ∂logit/∂pooled, in units of the checkpoint's colours."""

    pooled: Pooled  # batch of 1
    has: Float[Tensor, "1 2"]
    cells: Float[Tensor, "cells image_channels"]  # of those that are marked as wrong
    pieces: Float[Tensor, "pieces report_channels"]
    film: Float[Tensor, "all_cells image_channels"]  # of the whole film where a finding is boxed; of no cell elsewhere
    boxes: dict[int, Bool[Tensor, "all_cells"]]  # index of a finding to the cells where it is


def evidence_loss(network: Network, marks: Sequence[ReviewerMark]) -> Float[Tensor, ""]:
    """`evidence_penalty` of the studies with wrong evidence, and `box_loss` of those where a finding is boxed."""
    wrong = [mark for mark in marks if len(mark.cells) or len(mark.pieces)]
    boxed = [mark for mark in marks if mark.boxes]
    losses = [loss(network, some) for loss, some in ((evidence_penalty, wrong), (box_loss, boxed)) if some]
    return torch.stack(losses).sum() if losses else network.image_reference.new_zeros(())


def evidence_penalty(network: Network, marks: Sequence[ReviewerMark]) -> Float[Tensor, ""]:
    """The mean over some of the marked studies, each at a β and of a finding drawn anew, of the squared evidence in the
    wrong places. It can be differentiated by the network's parameters."""
    some = _some(marks)
    findings = torch.randint(len(network.config.findings), (len(some),)).tolist()
    each = [
        (mark.cells @ image).square().sum() + (mark.pieces @ report).square().sum()
        for mark, image, report in zip(some, *_gradients(network, some, findings), strict=True)
    ]
    return torch.stack(each).mean()


def box_loss(network: Network, marks: Sequence[ReviewerMark]) -> Float[Tensor, ""]:
    """The mean over some of the boxed studies, each at a β and of one of its boxed findings drawn anew, of the share of
    the film's evidence for the finding that lies outside its boxes, 0 to 1. It can be differentiated by the network's
    parameters."""
    some = _some(marks)
    findings = [list(mark.boxes)[int(torch.randint(len(mark.boxes), ()))] for mark in some]
    gradients = _gradients(network, some, findings).image
    each = []
    for mark, finding, gradient in zip(some, findings, gradients, strict=True):
        evidence = (mark.film @ gradient).relu()
        each.append(1 - evidence[mark.boxes[finding]].sum() / evidence.sum().clamp_min(LEAST))
    return torch.stack(each).mean()


def read_marks(
    engine: Engine, table: StudyTable, corrected: Iterable[Correction], progress: Progress = iter
) -> list[ReviewerMark]:
    """The marks on studies, by running the encoders on them. Those on words of a report that has changed since are left
    out, and so are studies that cannot be read any more."""
    marks = []
    for correction in progress([c for c in corrected if c.wrong_regions or c.wrong_words or c.finding_boxes]):
        study = table.by_id(correction.study_id)
        words = correction.wrong_words if correction.report == study.report else ()
        if not (correction.wrong_regions or words or correction.finding_boxes):
            continue
        try:
            encoded = engine.encode(load_film(study), study.report)
        except InputError:
            continue
        marks.append(mark(engine.network, encoded, correction.wrong_regions, words, correction.finding_boxes))
    return marks


def mark(
    network: Network, encoded: Encoded, regions: tuple, words: tuple, finding_boxes: tuple[FindingBox, ...] = ()
) -> ReviewerMark:
    """The marks on one encoded case.

    Args:
        regions: with wrong evidence, as in `cells_inside`.
        words: likewise, as spans of the report's characters.
        finding_boxes: those of findings that the model does not know are left out.
    """
    cells = film = torch.zeros(0, network.image_channels)
    boxes = {}
    if encoded.features is not None:
        features = encoded.features[0]

        def inside(regions: tuple) -> Bool[Tensor, "all_cells"]:
            found = cells_inside(regions, encoded.box, *features.shape[1:])
            return torch.from_numpy(found.ravel()).to(features.device)

        every = features.flatten(1).T / features[0].numel() / network.cell_scale
        cells = every[inside(regions)]
        for i, finding in enumerate(network.config.findings):
            where = inside(tuple(box for name, *box in finding_boxes if name == finding))
            boxes |= {i: where} if where.any() else {}
        film = every if boxes else film
    pieces = torch.zeros(0, network.report_encoder.channels)
    if encoded.hidden is not None:
        hidden, (starts, ends) = encoded.hidden[0], encoded.report_part.tokens.offsets[0].T
        wrong = torch.zeros(len(hidden), dtype=torch.bool, device=hidden.device)
        for start, end in words:
            wrong |= (starts < end) & (ends > start)
        pieces = hidden[wrong] / len(hidden) / network.word_scale
    device = encoded.pooled.image.device
    has = torch.tensor([[m in encoded.modalities for m in ("image", "report")]], dtype=torch.float32, device=device)
    return ReviewerMark(encoded.pooled, has, cells.to(device), pieces.to(device), film.to(device), boxes)


def _some(marks: Sequence[ReviewerMark]) -> list[ReviewerMark]:
    return [marks[i] for i in torch.randperm(len(marks))[:BATCH].tolist()]


def _gradients(network: Network, marks: list[ReviewerMark], findings: list[int]) -> Pooled:
    """∂logit/∂pooled of each study's finding, by its index, at a β drawn anew."""
    pooled = Pooled(*(torch.cat(p).requires_grad_() for p in zip(*(m.pooled for m in marks), strict=True)))
    logits = network.log_odds(network(pooled, draw_beta(torch.cat([m.has for m in marks]))))
    chosen = logits[torch.arange(len(marks)), findings].sum()
    return Pooled(*torch.autograd.grad(chosen, pooled, create_graph=True))


def cells_inside(regions: tuple, box, rows: int, cols: int) -> np.ndarray:
    """Which cells of a feature map have their centre in a region; of a smaller one, the cell nearest to its centre.

    Args:
        regions: top, left, height and width in fractions of the film.
        box: where the film lies in the square that the map covers.
    """
    down = ((np.arange(rows) + 0.5) / rows - box.top) / box.height
    across = ((np.arange(cols) + 0.5) / cols - box.left) / box.width
    inside = np.zeros((rows, cols), bool)
    for top, left, height, width in regions:
        inside |= np.outer(_within(down, top, height), _within(across, left, width))
    return inside


def _within(centres: np.ndarray, start: float, length: float) -> np.ndarray:
    far = np.abs(centres - (start + length / 2))
    return far <= max(length / 2, far.min())
