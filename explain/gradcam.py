"""Grad-CAM on the film (Selvaraju et al., ICCV 2017), at every β node at once."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from explain.gradient import PooledGradient
from model.engine import Encoded
from model.preprocess import Box


def class_activation(encoded: Encoded, gradient: PooledGradient) -> Float[np.ndarray, "nodes rows cols"] | None:
    """The class activation map before ReLU, in logits per cell.

    Channels are weighted with the mean over cells of ∂logit/∂feature. The features are pooled by their mean, so that is
    ∂logit/∂pooled ÷ cells: the map's sum over cells is the first-order contribution of the film to the logit.

    Returns:
        The map at each node over the square the film was fitted into, or None where the case has no image.
    """
    if encoded.features is None:
        return None
    cells = encoded.features.shape[-1] * encoded.features.shape[-2]
    return torch.einsum("nc,crk->nrk", gradient.image / cells, encoded.features[0]).cpu().numpy()


def heatmap(
    cam: Float[np.ndarray, "rows cols"], box: Box, height: int, width: int
) -> Float[np.ndarray, "height width"]:
    """The positive part of a map, on the pixels of a film.

    ReLU first and bilinear upsampling after, as captum's `LayerAttribution.interpolate` has it; the page paints the
    same. Nothing is rescaled: a weak map stays weak, an empty one empty.

    Args:
        cam: one map over the square, before ReLU.
        box: where the film lies inside the square.
    """
    # Pixel centres of the film in the square, in grid_sample's units of [-1, 1] from edge to edge.
    y = box.top + (np.arange(height) + 0.5) / height * box.height
    x = box.left + (np.arange(width) + 0.5) / width * box.width
    grid = np.stack(np.meshgrid(x, y), -1) * 2 - 1
    positive = torch.from_numpy(np.maximum(cam, 0).astype(np.float32))[None, None]
    where = torch.from_numpy(grid.astype(np.float32))[None]
    return F.grid_sample(positive, where, padding_mode="border", align_corners=False)[0, 0].numpy()
