"""A DICOM file's pixels need not be square; what is shown is."""

import numpy as np

from model.inputs.elements import Elements
from model.inputs.limits import check_size

# Rows first, all of them. Where a spacing is known the ratio alone must not be stated (PS3.3 C.7.6.3.1.7).
STATED = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")
SQUARE = 0.01  # what a pixel may be longer than wide, or wider than long, and count as square


def square_size(height: int, width: int, elements: Elements) -> tuple[int, int]:
    """How many rows and columns show an image in square pixels, none of its own left out.

    Raises:
        ImageError: too many, or so few of one that it is no film.
    """
    ratio = _height_over_width(elements)
    if ratio > 1 + SQUARE:
        height = round(height * ratio)
    elif ratio < 1 / (1 + SQUARE):
        width = round(width / ratio)
    check_size(width, height)
    return height, width


def _height_over_width(elements: Elements) -> float:
    """Of a pixel; 1 where nothing that can be used is stated."""
    for holder in elements.of_first_frame("PixelMeasuresSequence"):
        for keyword in STATED:
            match holder.numbers(keyword):
                case [high, wide] if 0 < high < np.inf and 0 < wide < np.inf:
                    return min(max(high / wide, 1e-3), 1e3)
    return 1.0


def resampled(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels repeated so that there are so many rows and columns: no value that was not measured."""
    for axis, wanted in ((0, height), (1, width)):
        if (stored := pixels.shape[axis]) != wanted:
            nearest = ((np.arange(wanted) + 0.5) * stored / wanted).astype(int)
            pixels = np.take(pixels, nearest, axis)
    return pixels
