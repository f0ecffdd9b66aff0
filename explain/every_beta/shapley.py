"""The share of each modality in a decision: exact Shapley values of two players."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from explain.methods.base import Batch


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
def shapley(batch: Batch) -> list[Contribution]:
    """Shapley values (Shapley 1953; for two players the mean over both orders) of image and report, for each case.

    A modality that is out of the game is replaced by the mean embedding of the training studies. Shares of a sum of
    signed attributions would not do: they can cancel.
    """
    network, betas, beta = batch.network, batch.beta.shape[1], batch.beta.flatten(0, 1)
    present = [embedded.repeat_interleave(betas, 0) for embedded in network.embed(batch.pooled)]
    absent = [mean.expand(len(beta), -1) for mean in (network.image_reference, network.report_reference)]

    def log_odds(image, report):
        logits = network.decide(image, report, beta).unflatten(0, (-1, betas))
        return batch.log_odds(logits, batch.each).double().cpu().numpy()

    both, none = log_odds(*present), log_odds(*absent)
    image_alone, report_alone = log_odds(present[0], absent[1]), log_odds(absent[0], present[1])
    interaction = both - image_alone - report_alone + none
    image = image_alone - none + interaction / 2
    found = Contribution(np.stack([image, both - none - image], -1), interaction, both, none)
    return [Contribution(*of_case) for of_case in zip(*found, strict=True)]
