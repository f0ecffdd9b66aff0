"""From a film of any size to the square the image encoder sees."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from model.config import CENTRE, WHOLE


class Box(NamedTuple):
    """Where the film lies in the square, in fractions of its side. The ends of a film whose middle alone is seen lie
    beyond the square, below 0 and above 1."""

    top: float
    left: float
    height: float
    width: float

    def on_square(self, side: int) -> tuple[slice, slice]:
        """The rows and columns of a square of that side which show the film."""
        edges = ((self.top, self.top + self.height), (self.left, self.left + self.width))
        rows, columns = (slice(max(0, round(a * side)), min(side, round(b * side))) for a, b in edges)
        return rows, columns


def fit_film(
    pixels: Float[np.ndarray, "height width"], side: int, how: str = WHOLE
) -> tuple[Float[np.ndarray, "side side"], Box]:
    """Make a square of a film, without distorting it.

    Args:
        pixels: values in [0, 1], white is bone.
        how: WHOLE: all of it, with black around it and its contrast stretched between its own 1st and 99th percentiles,
            as exposure and export windows differ between sites and say nothing of the patient. CENTRE: its middle, with
            its grey values, which is what torchxrayvision makes of a film (`XRayCenterCrop`, `fix_resolution`).

    Returns:
        Float32 values in [0, 1], and the place of the film in the square.
    """
    return _centre(pixels, side) if how == CENTRE else _whole(pixels, side)


def _centre(pixels: np.ndarray, side: int) -> tuple[np.ndarray, Box]:
    height, width = pixels.shape
    crop = min(height, width)
    top, left = height // 2 - crop // 2, width // 2 - crop // 2
    square = _resized(pixels[top : top + crop, left : left + crop], side, side)
    return square, Box(-top / crop, -left / crop, height / crop, width / crop)


def _whole(pixels: np.ndarray, side: int) -> tuple[np.ndarray, Box]:
    height, width = pixels.shape
    scale = side / max(height, width)
    rows, cols = max(1, round(height * scale)), max(1, round(width * scale))
    film = _resized(pixels, rows, cols)
    low, high = np.percentile(film, (1, 99))
    film = np.clip((film - low) / max(high - low, 1e-6), 0, 1)
    top, left = (side - rows) // 2, (side - cols) // 2
    square = np.zeros((side, side), np.float32)
    square[top : top + rows, left : left + cols] = film
    return square, Box(top / side, left / side, rows / side, cols / side)


def _resized(pixels: np.ndarray, rows: int, cols: int) -> np.ndarray:
    # numpy's buffer may be read-only (a memory map); from_numpy would warn
    film = torch.tensor(pixels, dtype=torch.float32)[None, None]
    return F.interpolate(film, (rows, cols), mode="bilinear", antialias=True, align_corners=False)[0, 0].numpy()
