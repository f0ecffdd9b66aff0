"""All the evidence for one finding of one case, at every β."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from explain.every_beta.nodes import NODES
from explain.every_beta.shapley import shapley
from explain.methods.base import Attribution, Question
from explain.methods.registry import method
from explain.methods.words import Word
from model.config import SINGLE_LABEL
from model.inference.decision import THRESHOLD
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.preprocess import Box

CURVE_BETAS = np.linspace(0, 1, 101)

# What is known as soon as a case is encoded, and what is shown unless another method is chosen.
INSTANT = {"image": "gradcam", "report": "contextual_cam"}
DEFAULT = {"image": "gradcam", "report": "integrated_gradients"}


class Evidence(NamedTuple):
    """Why a model decided on a finding. Whatever has a nodes axis is known between the nodes too: see `interpolate`."""

    finding: str
    image_method: str | None  # None without an image; likewise for the report
    report_method: str | None
    image_error: float | None  # completeness errors, as shares; None where the method promises none
    report_error: float | None
    curve: Float[np.ndarray, "101 findings"]  # probabilities at β = 0, 0.01 … 1
    flips: tuple[float, ...]  # β at which the decision on the finding changes
    cam: Float[np.ndarray, "nodes rows cols"] | None  # before ReLU, logits per cell, over the square
    box: Box | None  # the film inside that square
    words: tuple[Word, ...]
    word_scores: Float[np.ndarray, "nodes words"]  # signed, logits
    read_to: int  # characters of the report that were read
    contributions: Float[np.ndarray, "nodes 2"]  # Shapley values of image and report, logits
    interaction: Float[np.ndarray, "nodes"]  # of the two, shared equally between them
    logit: Float[np.ndarray, "nodes"]
    reference_logit: Float[np.ndarray, "nodes"]
    cell_scale: float  # what saturates the colour of a cell of `cam`, and of a word: fixed for a checkpoint
    word_scale: float


def evidence(
    engine: Engine,
    encoded: Encoded,
    finding: str,
    image: str = DEFAULT["image"],
    report: str = DEFAULT["report"],
    wanted: Callable[[], bool] = lambda: True,
) -> Evidence:
    """Explain a finding of an encoded case at every β.

    Args:
        image: name of the method for the film; see `explain.methods.registry`.
        report: name of the method for the report.
        wanted: asked between the steps of long work; where it says no, the work ends.

    Raises:
        ChoiceError: the model does not know the finding, or a method is unknown.
        Superseded: the answer is not wanted any more.
    """
    question = Question(engine, encoded, engine.finding_index(finding), tuple(NODES.tolist()), wanted)
    contribution = shapley(question)
    curve = engine.probabilities(encoded, CURVE_BETAS)
    cells = method("image", image).explain(question) if "image" in encoded.modalities else None
    words = method("report", report).explain(question) if "report" in encoded.modalities else None
    return Evidence(
        finding=finding,
        image_method=image if cells else None,
        report_method=report if words else None,
        image_error=cells and cells.completeness_error,
        report_error=words and words.completeness_error,
        curve=curve,
        flips=flips(curve, question.index, engine.config.problem_type == SINGLE_LABEL),
        cam=cells and cells.scores,
        box=encoded.box,
        words=question.words if words else (),
        word_scores=words.scores if words else np.zeros((len(NODES), 0)),
        read_to=encoded.read_to,
        contributions=contribution.values,
        interaction=contribution.interaction,
        logit=contribution.logit,
        reference_logit=contribution.reference_logit,
        cell_scale=_cell_scale(engine, encoded, cells),
        word_scale=float(engine.network.word_scale),
    )


def _cell_scale(engine: Engine, encoded: Encoded, cells: Attribution | None) -> float:
    """The checkpoint's scale is of a cell of the feature map: a finer map has less of the logit in each cell."""
    scale = float(engine.network.cell_scale)
    return scale if cells is None else scale * encoded.features[0, 0].numel() / cells.scores[0].size


def flips(curve: Float[np.ndarray, "101 findings"], index: int, single: bool) -> tuple[float, ...]:
    """The β at which the decision on a finding changes: p crosses ½, or the finding gains or loses the first place."""
    others = np.delete(curve, index, axis=1).max(1, initial=0) if single else THRESHOLD
    margin = curve[:, index] - others
    crossed = np.flatnonzero(np.diff(margin > 0))
    # Between two points of the curve the margin is taken as a line.
    at = CURVE_BETAS[crossed] + 0.01 * margin[crossed] / (margin[crossed] - margin[crossed + 1])
    return tuple(round(float(b), 4) for b in at)
