"""From stored values to [0, 1], in little memory: 40 megapixels are worked on in place or some rows at a time."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from model.errors import ImageError

Pixels = Float[np.ndarray, "height width"]  # of a film, from 0 (black: air) to 1 (white: bone)

ROBUST_PERCENTILES = (0.5, 99.5)  # keeps lead markers and dead pixels from setting the contrast
LUMINANCE = np.array([19595, 38470, 7471], np.uint32)  # Rec. 601 in 65536ths: exact on grey, fits 32 bits at 16
DARKEST = 63  # of 255: of films that were made for 8 bits none ends as low
LARGEST = 1e37  # float32 holds the difference of two such numbers
ROWS = 128


def by_rows(values: np.ndarray, convert: Callable[[np.ndarray], np.ndarray], dtype: type) -> np.ndarray:
    """`convert` of (rows, columns, …) as (rows, columns), some rows at a time."""
    out = np.empty(values.shape[:2], dtype)
    for rows in _strips(values):
        out[rows] = convert(values[rows])
    return out


def _strips(values: np.ndarray) -> Iterator[slice]:
    return (slice(top, top + ROWS) for top in range(0, len(values), ROWS))


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


def rgb(ybr: Shaped[np.ndarray, "height width 3"], white: int) -> Shaped[np.ndarray, "height width 3"]:
    """Red, green and blue of Y, Cb and Cr (PS3.3 C.7.6.3.1.2), in the same range."""
    out, neutral = np.empty_like(ybr), white // 2 + 1
    for rows in _strips(ybr):
        y, blue, red = np.moveaxis(ybr[rows].astype(np.float32), -1, 0)
        blue, red = blue - neutral, red - neutral
        colours = (y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue)
        out[rows] = np.stack(colours, axis=-1).round().clip(0, white)
    return out


def unit(values: Shaped[np.ndarray, "height width"], white: int | None) -> Pixels:
    """Values over white; stretched where there is no white to go by, and where 8 bits hold no value above DARKEST: of
    12 or 14 bits in 16, somebody has kept the upper 8."""
    if white and (white < 255 or values.max() > DARKEST):
        return np.divide(values, white, dtype=np.float32)
    return stretch(values)


def stretch(
    values: Shaped[np.ndarray, "height width"], padded: Bool[np.ndarray, "height width"] | None = None
) -> Pixels:
    """Scale the robust range of `values` to [0, 1]; not-a-number counts as the lowest value.

    Args:
        padded: where they are no part of the picture, and count for nothing.

    Raises:
        ImageError: none is a number.
    """
    if values.dtype.kind == "f":
        values = finite(values)
        if (largest := max(-values.min(), values.max())) > LARGEST:
            values = values / largest
    counted = values if padded is None else values[~padded]
    low, high = np.percentile(counted, ROBUST_PERCENTILES, overwrite_input=padded is not None)
    if low == high:  # nearly one value: the few others are all there is to see
        low, high = float(counted.min()), float(counted.max())
    return _spread(values, low, high)


def stretch_table(table: Float[np.ndarray, "values"], counts: Int[np.ndarray, "values"]) -> Float[np.ndarray, "values"]:
    """As `stretch` of an image that has each value of `table` so many times, without that image."""
    order = np.argsort(table)
    values, ends = table[order].astype(np.float64), counts[order].cumsum()
    ranks = np.array(ROBUST_PERCENTILES) / 100 * (ends[-1] - 1)
    below, above = (values[np.searchsorted(ends, part(ranks), side="right")] for part in (np.floor, np.ceil))
    low, high = below + (above - below) * (ranks % 1)
    if low == high:
        present = table[counts > 0]
        low, high = float(present.min()), float(present.max())
    return _spread(table, low, high)


def _spread(values: np.ndarray, low: float, high: float) -> np.ndarray:
    shown = np.subtract(values, low, dtype=np.float32)
    shown /= max(high - low, np.finfo(np.float32).tiny)
    return np.clip(shown, 0, 1, out=shown)


def histogram(values: np.ndarray, padded: np.ndarray | None) -> tuple[int, Int[np.ndarray, "values"]]:
    """The lowest of the whole numbers of up to 16 bits that are not padded, and how many there are of each from it to
    the highest; of none there is nothing."""
    least = np.iinfo(values.dtype).min
    counts = np.zeros(2 ** (8 * values.itemsize), np.int64)
    for rows in _strips(values):
        counted = values[rows].ravel() if padded is None else values[rows][~padded[rows]]
        counts += np.bincount(counted.astype(np.int32) - least, minlength=len(counts))
    present = np.flatnonzero(counts)
    return (least + int(present[0]), counts[present[0] : present[-1] + 1]) if len(present) else (least, present)


def finite(values: np.ndarray) -> np.ndarray:
    """The values, with the lowest in place of not-a-number, and of infinity the lowest or the highest.

    Raises:
        ImageError: none is a number.
    """
    numbers = np.isfinite(values)
    if not numbers.any():
        raise ImageError("The image holds no number: export it again.")
    if numbers.all():
        return values
    low, high = values.min(where=numbers, initial=np.inf), values.max(where=numbers, initial=-np.inf)
    return np.nan_to_num(values, nan=low, posinf=high, neginf=low)


def refuse_blank(pixels: np.ndarray) -> None:
    """
    Raises:
        ImageError: there is nothing to see.
    """
    if pixels.min() == pixels.max():
        raise ImageError("In this image every pixel has the same value: send a film that shows something.")
