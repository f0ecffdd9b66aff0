"""A map on the pixels of a film."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from model.network.preprocess import Box


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
    heat = F.grid_sample(positive, where, padding_mode="border", align_corners=False)[0, 0].numpy()
    heat[(np.abs(grid) > 1).any(-1)] = 0  # of a film whose middle alone was seen
    return heat
