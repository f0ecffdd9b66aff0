"""All the evidence for one finding of each case, at every β or at one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from explain.every_beta.nodes import NODES
from explain.every_beta.shapley import shapley
from explain.methods.base import Attribution, Batch, Question
from explain.methods.registry import method
from explain.methods.words import Word
from model.config import SINGLE_LABEL
from model.inference.decision import THRESHOLD
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Network
from model.network.preprocess import Box

CURVE_BETAS = np.linspace(0, 1, 101)

# What is known as soon as a case is encoded, and what is shown unless another method is chosen.
INSTANT = {"image": "gradcam", "report": "contextual_cam"}
DEFAULT = {"image": "gradcam", "report": "integrated_gradients"}


class ImageMap(NamedTuple):
    """What marks an image."""

    cam: Float[np.ndarray, "betas rows cols"]  # before ReLU, logits per cell, over the square
    box: Box  # the film inside that square


class Evidence(NamedTuple):
    """Why a model decided on a finding of a case, at some β. At the nodes of β it is known between them too: see
    `explain.every_beta.nodes.interpolate`."""

    finding: str
    betas: Float[np.ndarray, "betas"]  # as the case allows them
    probabilities: Float[np.ndarray, "betas findings"]
    image_method: str | None  # None without an image; likewise for the report
    report_method: str | None
    image_error: float | None  # completeness errors, as shares; None where the method promises none
    report_error: float | None
    curve: Float[np.ndarray, "101 findings"]  # probabilities at β = 0, 0.01 … 1
    curve_logits: Float[np.ndarray, "101 findings"]  # log(p / (1 − p)) of the same
    flips: tuple[float, ...]  # β at which the decision on the finding changes
    cam: Float[np.ndarray, "betas rows cols"] | None  # before ReLU, logits per cell, over the square
    box: Box | None  # the film inside that square
    words: tuple[Word, ...]
    word_scores: Float[np.ndarray, "betas words"]  # signed, logits
    read_to: int  # characters of the report that were read
    contributions: Float[np.ndarray, "betas 2"]  # Shapley values of image and report, logits
    interaction: Float[np.ndarray, "betas"]  # of the two, shared equally between them
    logit: Float[np.ndarray, "betas"]
    reference_logit: Float[np.ndarray, "betas"]
    cell_scale: float  # what saturates the colour of a cell of `cam`, and of a word: fixed for a checkpoint
    word_scale: float

    @property
    def image_map(self) -> ImageMap:
        """The map of a case that has an image."""
        if self.cam is None or self.box is None:
            raise ValueError("The case has no image.")
        return ImageMap(self.cam, self.box)


def evidence(
    engine: Engine,
    encoded: Encoded,
    finding: str,
    image: str = DEFAULT["image"],
    report: str = DEFAULT["report"],
    should_continue: Callable[[], bool] = lambda: True,
) -> Evidence:
    """Explain a finding of an encoded case at the nodes of β.

    Args:
        image: name of the method for the film; see `explain.methods.registry`.
        report: name of the method for the report.
        should_continue: asked between the steps of long work; where it says no, the work ends.

    Raises:
        ChoiceError: the model does not know the finding, or a method is unknown.
        Cancelled: the answer is not wanted any more.
    """
    question = Question(engine, encoded, engine.finding_index(finding), tuple(NODES.tolist()), should_continue)
    return _evidence(Batch((question,)), image, report)[0]


def evidence_at(
    engine: Engine,
    cases: Sequence[Encoded],
    beta: float,
    finding: str | None = None,
    image: str = DEFAULT["image"],
    report: str = DEFAULT["report"],
) -> list[Evidence]:
    """Explain encoded cases at one β: what `evidence` gives at that β. What is said of a case does not depend on the
    others.

    Args:
        beta: in [0, 1]; taken as each case allows it.
        finding: None for the most probable one of each case.
        image: name of the method for films; see `explain.methods.registry`.
        report: name of the method for reports.

    Raises:
        ChoiceError: β is out of range, the model does not know the finding, or a method is unknown.
    """
    index = 0 if finding is None else engine.finding_index(finding)
    batch = Batch(tuple(Question(engine, encoded, index, (beta,)) for encoded in cases))
    if finding is None:
        likeliest = batch.probabilities[:, 0].argmax(1).tolist()
        batch = Batch(tuple(replace(q, index=i) for q, i in zip(batch.questions, likeliest, strict=True)))
    return _evidence(batch, image, report)


def _evidence(batch: Batch, image: str, report: str) -> list[Evidence]:
    by_modality = _attributions(batch, "image", image), _attributions(batch, "report", report)
    along = batch.at(tuple(CURVE_BETAS.tolist()))
    single = batch.network.config.problem_type == SINGLE_LABEL
    found = []
    for question, beta, probabilities, contribution, curve, logits, cells, words in zip(
        batch.questions,
        batch.beta,
        batch.probabilities,
        shapley(batch),
        along.probabilities,
        along.every_log_odds,
        *by_modality,
        strict=True,
    ):
        encoded = question.encoded
        one = Evidence(
            finding=question.engine.findings[question.index],
            betas=beta[:, 0].cpu().numpy(),
            probabilities=probabilities,
            image_method=image if cells else None,
            report_method=report if words else None,
            image_error=cells and cells.completeness_error,
            report_error=words and words.completeness_error,
            curve=curve,
            curve_logits=logits,
            flips=flips(curve, question.index, single),
            cam=cells and cells.scores,
            box=encoded.box,
            words=question.words if words else (),
            word_scores=words.scores if words else np.zeros((len(question.betas), 0)),
            read_to=encoded.read_to,
            contributions=contribution.values,
            interaction=contribution.interaction,
            logit=contribution.logit,
            reference_logit=contribution.reference_logit,
            cell_scale=_cell_scale(batch.network, encoded, cells),
            word_scale=float(batch.network.word_scale),
        )
        found.append(one)
    return found


def _attributions(batch: Batch, modality: str, name: str) -> list[Attribution | None]:
    """By case; None where it lacks the modality."""
    chosen, having = method(modality, name), batch.having(modality)
    answers = iter(chosen.explain_batch(having) if having.questions else ())
    return [next(answers) if modality in q.encoded.modalities else None for q in batch.questions]


def _cell_scale(network: Network, encoded: Encoded, cells: Attribution | None) -> float:
    """The checkpoint's scale is of a cell of the feature map: a finer map has less of the logit in each cell."""
    scale = float(network.cell_scale)
    return scale if cells is None else scale * encoded.image_part.features[0, 0].numel() / cells.scores[0].size


def flips(curve: Float[np.ndarray, "101 findings"], index: int, single: bool) -> tuple[float, ...]:
    """The β at which the decision on a finding changes: p crosses ½, or the finding gains or loses the first place."""
    others = np.delete(curve, index, axis=1).max(1, initial=0) if single else THRESHOLD
    margin = curve[:, index] - others
    crossed = np.flatnonzero(np.diff(margin > 0))
    # Between two points of the curve the margin is taken as a line.
    at = CURVE_BETAS[crossed] + 0.01 * margin[crossed] / (margin[crossed] - margin[crossed + 1])
    return tuple(round(float(b), 4) for b in at)
