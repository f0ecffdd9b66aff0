"""A region painted in the browser, as bits over the square the model sees, on the pixels of a film."""

import numpy as np

from dashboard.ui.payload import bits
from model.errors import ImageError
from model.network.preprocess import Box

SIDE = 128  # assets/js/review/film/brush.js paints as many


def read_mask(text: object) -> np.ndarray:
    """Bool (SIDE, SIDE) from the base64 of its packed bits.

    Raises:
        ImageError: it is no such mask.
    """
    mask = bits(text, SIDE * SIDE)
    if mask is None:
        raise ImageError(f"What was painted did not arrive as a mask of {SIDE} by {SIDE}: paint it again.")
    return mask.reshape(SIDE, SIDE)


def on_film(mask: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """The mask at the pixels of a film that lies at `box` in the square: bool (height, width). Beside the square
    nothing is painted."""
    rows = np.floor((box.top + (np.arange(height) + 0.5) / height * box.height) * SIDE).astype(int)
    cols = np.floor((box.left + (np.arange(width) + 0.5) / width * box.width) * SIDE).astype(int)
    seen = np.ix_((rows >= 0) & (rows < SIDE), (cols >= 0) & (cols < SIDE))
    on = np.zeros((height, width), bool)
    on[seen] = mask[np.ix_(rows.clip(0, SIDE - 1), cols.clip(0, SIDE - 1))][seen]
    return on
