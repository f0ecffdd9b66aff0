"""Grad-CAM with each channel's positive gradient weighted by second- and third-order terms, so that several small
places of one finding count as much as one large place.

Costs nothing beside the encoding of the film. Only evidence for the finding is seen, never against it, and the values
are no shares of the logit. This model pools by the mean, so the gradient of a channel is the same in all its cells,
and what the weighting can tell apart is channels, not places.

Chattopadhay et al., "Grad-CAM++", WACV 2018.
"""

import torch

from explain.methods.base import Attribution, Batch

TITLE = "Grad-CAM++"
ORDER = 2
ONE_SIDED = True


def explain(batch: Batch) -> list[Attribution]:
    """The maps of equation 19 of the paper, with the higher derivatives of exp(logit) as it takes them."""
    gradient = batch.cell_gradient
    square, cube = gradient**2, gradient**3
    denominator = 2 * square + cube * batch.features.sum((2, 3))[:, None]
    alpha = torch.where(denominator != 0, square / denominator, 0)
    weights = alpha * gradient.clamp(min=0)  # the mean over cells where the paper sums: the scale of Grad-CAM
    return batch.weighted_maps(weights)
