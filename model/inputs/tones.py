"""From stored values to [0, 1], in little memory: 40 megapixels are worked on in place or some rows at a time."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Shaped

from model.errors import ImageError

ROBUST_PERCENTILES = (0.5, 99.5)  # keeps lead markers and dead pixels from setting the contrast
LUMINANCE = np.array([19595, 38470, 7471], np.uint32)  # Rec. 601 in 65536ths: exact on grey, fits 32 bits at 16
ROWS = 128


def by_rows(values: np.ndarray, convert: Callable[[np.ndarray], np.ndarray], dtype: type) -> np.ndarray:
    """`convert` of (rows, columns, …) as (rows, columns), some rows at a time."""
    out = np.empty(values.shape[:2], dtype)
    for top in range(0, len(values), ROWS):
        out[top : top + ROWS] = convert(values[top : top + ROWS])
    return out


def grey(values: Shaped[np.ndarray, "height width *samples"], inks: bool = False) -> Shaped[np.ndarray, "height width"]:
    """One value a pixel, of the same type: colour becomes luminance, and what is transparent black.

    Args:
        values: unsigned; none, 1, 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha) samples a pixel.
        inks: the 4 are cyan, magenta, yellow and black.

    Raises:
        ImageError: something else.
    """
    if values.ndim == 2:
        return values
    samples = values.shape[2]
    if values.dtype not in (np.uint8, np.uint16) or samples > 4:
        raise ImageError("The image is neither greyscale nor colour of 8 or 16 bits: export it as greyscale.")
    white = np.iinfo(values.dtype).max
    half = white // 2

    def convert(rows: np.ndarray) -> np.ndarray:
        rows = rows.astype(np.uint32)
        if inks:
            rows = ((white - rows[..., :3]) * (white - rows[..., 3:]) + half) // white
        colour = rows[..., :3] if samples > 2 else rows[..., :1]
        shown = (colour @ LUMINANCE + 0x8000) >> 16 if samples > 2 else colour[..., 0]
        return shown if inks or samples % 2 else (shown * rows[..., -1] + half) // white

    return by_rows(values, convert, values.dtype)


def unit(values: Shaped[np.ndarray, "height width"], white: int | None) -> Float[np.ndarray, "height width"]:
    """Values over white; stretched where there is no white to go by."""
    return np.divide(values, white, dtype=np.float32) if white else stretch(values)


def stretch(values: Shaped[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """Scale the robust range of `values` to [0, 1]; not-a-number counts as the lowest value.

    Raises:
        ImageError: none is a number.
    """
    if values.dtype.kind == "f":
        values = _finite(values)
    low, high = np.percentile(values, ROBUST_PERCENTILES)
    if low == high:  # nearly one value: the few others are all there is to see
        low, high = float(values.min()), float(values.max())
    shown = np.subtract(values, low, dtype=np.float32)
    shown /= max(high - low, np.finfo(np.float32).tiny)
    return np.clip(shown, 0, 1, out=shown)


def _finite(values: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values)
    if not finite.any():
        raise ImageError("The image holds no number: export it again.")
    if finite.all():
        return values
    low, high = values.min(where=finite, initial=np.inf), values.max(where=finite, initial=-np.inf)
    return np.nan_to_num(values, nan=low, posinf=high, neginf=low)


def refuse_blank(pixels: np.ndarray) -> None:
    """
    Raises:
        ImageError: there is nothing to see.
    """
    if pixels.min() == pixels.max():
        raise ImageError("In this image every pixel has the same value: send a film that shows something.")
