"""The share of each modality in a decision: exact Shapley values of two players."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from explain.methods.base import Question


class Contribution(NamedTuple):
    """What image and report add to the logit at each β; `values.sum(1) == logit - reference_logit`.

    interaction: what the two add only together (positive: more than each alone; negative: they say the same twice).
        The Shapley values share it equally.
    """

    values: Float[np.ndarray, "betas 2"]
    interaction: Float[np.ndarray, "betas"]
    logit: Float[np.ndarray, "betas"]
    reference_logit: Float[np.ndarray, "betas"]


@torch.no_grad()
def shapley(question: Question) -> Contribution:
    """Shapley values (Shapley 1953; for two players the mean over both orders) of image and report.

    A modality that is out of the game is replaced by the mean embedding of the training studies. Shares of a sum of
    signed attributions would not do: they can cancel.
    """
    network, beta = question.engine.network, question.beta
    present = network.embed(question.encoded.pooled)
    absent = network.image_reference[None], network.report_reference[None]

    def logit(image, report):
        image, report = (e.expand(len(beta), -1) for e in (image, report))
        return network.log_odds(network.decide(image, report, beta))[:, question.index].double().cpu().numpy()

    return shares(logit(*present), logit(present[0], absent[1]), logit(absent[0], present[1]), logit(*absent))


def shares(
    both: Float[np.ndarray, "n"],
    image_alone: Float[np.ndarray, "n"],
    report_alone: Float[np.ndarray, "n"],
    none: Float[np.ndarray, "n"],
) -> Contribution:
    """The Shapley values from the logits of the four coalitions."""
    interaction = both - image_alone - report_alone + none
    image = image_alone - none + interaction / 2
    return Contribution(np.stack([image, both - none - image], 1), interaction, both, none)
