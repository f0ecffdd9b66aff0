"""From a film of any size to the square the image encoder sees."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float


class Box(NamedTuple):
    """Where the film lies inside the square, in fractions of its side."""

    top: float
    left: float
    height: float
    width: float


def fit_film(pixels: Float[np.ndarray, "height width"], side: int) -> tuple[Float[np.ndarray, "side side"], Box]:
    """Scale a film into a square without distorting it, with its contrast stretched, and black around it.

    Contrast is stretched between the film's own 1st and 99th percentiles: exposure and export windows differ between
    sites and say nothing of the patient.

    Args:
        pixels: values in [0, 1], white is bone.

    Returns:
        Float32 values in [0, 1], and the place of the film in the square.
    """
    height, width = pixels.shape
    scale = side / max(height, width)
    rows, cols = max(1, round(height * scale)), max(1, round(width * scale))
    # numpy's buffer may be read-only (a memory map); from_numpy would warn
    film = torch.tensor(pixels, dtype=torch.float32)[None, None]
    film = F.interpolate(film, (rows, cols), mode="bilinear", antialias=True, align_corners=False)[0, 0].numpy()
    low, high = np.percentile(film, (1, 99))
    film = np.clip((film - low) / max(high - low, 1e-6), 0, 1)
    top, left = (side - rows) // 2, (side - cols) // 2
    square = np.zeros((side, side), np.float32)
    square[top : top + rows, left : left + cols] = film
    return square, Box(top / side, left / side, rows / side, cols / side)
