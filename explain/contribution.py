"""The share of each modality in a decision: exact Shapley values of two players."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from explain.gradient import node_betas
from model.engine import Encoded, Engine


class Contribution(NamedTuple):
    """What image and report add to the logit at each node; `values.sum(1) == logit - reference_logit`."""

    values: Float[np.ndarray, "nodes 2"]
    logit: Float[np.ndarray, "nodes"]
    reference_logit: Float[np.ndarray, "nodes"]


@torch.no_grad()
def shapley(engine: Engine, encoded: Encoded, index: int) -> Contribution:
    """Shapley values (Shapley 1953; for two players the mean over both orders) of image and report.

    A modality that is out of the game is replaced by the mean embedding of the training studies. Shares of a sum of
    signed attributions would not do: they can cancel.
    """
    network, betas = engine.network, node_betas(engine, encoded)
    present = network.embed(encoded.pooled)
    absent = network.image_reference[None], network.report_reference[None]

    def logit(image, report):
        image, report = (e.expand(len(betas), -1) for e in (image, report))
        return network.decide(image, report, betas)[:, index].double().cpu().numpy()

    both, none = logit(*present), logit(*absent)
    image_alone, report_alone = logit(present[0], absent[1]), logit(absent[0], present[1])
    image = ((image_alone - none) + (both - report_alone)) / 2
    return Contribution(np.stack([image, both - none - image], 1), both, none)
