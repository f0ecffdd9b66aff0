"""Where a heat is above a level: as pixels, and as closed lines in image coordinates."""

from typing import NamedTuple, cast

import numpy as np
from contourpy import FillType, contour_generator
from jaxtyping import Bool, Float

MOST_LINES = 16  # the largest; more is speckle, and the pixels have all
# Of a line. The heat is bilinear between cells of many pixels, so that its level lines are all but straight from pixel
# to pixel; and a value of DICOM's explicit encodings has room for 8,191 points.
MOST_POINTS = 1000
LEAST_AREA = 4  # pixels


class Outline(NamedTuple):
    """An area of a picture.

    Attributes:
        mask: whether the middle of each pixel lies in it.
        lines: around each part of it, largest first, closed: the last point is the first. A point is column and row in
            image coordinates, in pixels: 0, 0 is the upper left corner of the picture, and the middle of its first
            pixel is at 0.5, 0.5 (PS3.3 C.10.5.1.2, C.18.6.1.1). Holes are the mask's alone.
    """

    mask: Bool[np.ndarray, "rows columns"]
    lines: tuple[Float[np.ndarray, "points 2"], ...]


def outline_of(heat: Float[np.ndarray, "rows columns"], level: float) -> Outline:
    """Where a heat, known at the middle of each pixel, is at a level above 0 or higher."""
    rows, columns = heat.shape
    around = _with_margin(heat.astype(np.float64), level)
    found = contour_generator(z=around, fill_type=FillType.OuterOffset).filled(level, np.inf)
    parts, starts = cast(tuple[list[np.ndarray], list[np.ndarray]], found)  # as that type of filling has them
    lines = []
    for points, offsets in zip(parts, starts, strict=True):
        # The middle of the first pixel has the index 1 among what is around it.
        line = np.clip(points[: offsets[1]] - 0.5, 0, (columns, rows))
        if (area := _area(line)) >= LEAST_AREA:
            lines.append((area, _thinned(line)))
    lines.sort(key=lambda sized: -sized[0])
    return Outline(heat >= level, tuple(line for _, line in lines[:MOST_LINES]))


def _with_margin(heat: np.ndarray, level: float) -> np.ndarray:
    """The heat with a pixel around it, of such values that lines of the level follow the edge of the picture."""
    around = np.pad(heat, 1, mode="edge")
    mirrored = np.where(around >= level, np.minimum(2 * level - around, np.nextafter(level, 0)), around)
    mirrored[1:-1, 1:-1] = heat
    return mirrored


def _area(line: Float[np.ndarray, "points 2"]) -> float:
    """Inside a closed line, in pixels (Gauss's shoelace formula)."""
    x, y = line.T
    return float(abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2)


def _thinned(line: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "fewer 2"]:
    """At most MOST_POINTS of a closed line, evenly."""
    step = -(-(len(line) - 1) // (MOST_POINTS - 1))
    return np.concatenate([line[:-1:step], line[:1]])
