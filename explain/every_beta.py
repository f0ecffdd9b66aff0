"""All the evidence for one finding of one case, at every β."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from explain.contribution import shapley
from explain.gradcam import class_activation
from explain.gradient import pooled_gradient
from explain.tokens import contextual_cam, integrated_gradients
from explain.words import Word, merge_pieces, split_words
from model.config import SINGLE_LABEL
from model.engine import Encoded, Engine
from model.preprocess import Box

CURVE_BETAS = np.linspace(0, 1, 101)
DECISION = 0.5


class Evidence(NamedTuple):
    """Why a model decided on a finding. Whatever has a nodes axis is known between the nodes too: see `interpolate`."""

    finding: str
    tier: str  # "instant": words by contextual CAM; "exact": by integrated gradients
    curve: Float[np.ndarray, "101 findings"]  # probabilities at β = 0, 0.01 … 1
    flips: tuple[float, ...]  # β at which the decision on the finding changes
    cam: Float[np.ndarray, "nodes rows cols"] | None  # before ReLU, logits per cell, over the square
    box: Box | None  # the film inside that square
    words: tuple[Word, ...]
    word_scores: Float[np.ndarray, "nodes words"]  # signed, logits
    read_to: int  # characters of the report that were read
    contributions: Float[np.ndarray, "nodes 2"]  # Shapley values of image and report, logits
    logit: Float[np.ndarray, "nodes"]
    reference_logit: Float[np.ndarray, "nodes"]
    completeness_error: float | None  # of the words, a share; None in the instant tier
    cell_scale: float  # what saturates the colour of a cell, and of a word: fixed for a checkpoint
    word_scale: float


def evidence(engine: Engine, encoded: Encoded, finding: str, exact: bool = True) -> Evidence:
    """Explain a finding of an encoded case at every β; the encoder of the film does not run again.

    Args:
        exact: words by integrated gradients, which takes seconds; otherwise by the instant tier.

    Raises:
        ChoiceError: the model does not know the finding.
    """
    index = engine.finding_index(finding)
    gradient = pooled_gradient(engine, encoded, index)
    contribution = shapley(engine, encoded, index)
    curve = engine.probabilities(encoded, CURVE_BETAS)
    words = split_words(encoded.report, encoded.read_to)
    scores, error = np.zeros((len(contribution.logit), 0)), None
    if encoded.tokens is not None:
        pieces = integrated_gradients(engine, encoded, index) if exact else contextual_cam(encoded, gradient)
        scores, error = merge_pieces(pieces.scores, encoded.tokens, words), pieces.completeness_error
    return Evidence(
        finding=finding,
        tier="exact" if exact else "instant",
        curve=curve,
        flips=flips(curve, index, engine.config.problem_type == SINGLE_LABEL),
        cam=class_activation(encoded, gradient),
        box=encoded.box,
        words=words,
        word_scores=scores,
        read_to=encoded.read_to,
        contributions=contribution.values,
        logit=contribution.logit,
        reference_logit=contribution.reference_logit,
        completeness_error=error,
        cell_scale=float(engine.network.cell_scale),
        word_scale=float(engine.network.word_scale),
    )


def flips(curve: Float[np.ndarray, "101 findings"], index: int, single: bool) -> tuple[float, ...]:
    """The β at which the decision on a finding changes: p crosses ½, or the finding gains or loses the first place."""
    others = np.delete(curve, index, axis=1).max(1, initial=0) if single else DECISION
    margin = curve[:, index] - others
    crossed = np.flatnonzero(np.diff(margin > 0))
    # Between two points of the curve the margin is taken as a line.
    at = CURVE_BETAS[crossed] + 0.01 * margin[crossed] / (margin[crossed] - margin[crossed + 1])
    return tuple(round(float(b), 4) for b in at)
