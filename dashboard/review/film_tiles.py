"""The own pixels of a film, for a page that shows them larger, or through a narrower window, than its first picture.

A page asks for tiles of a film that it has open: "FILM:STEP/ROW/COLUMN", where a grey is the mean of STEP by STEP
pixels (1: the pixel itself), and ROW and COLUMN count tiles of `SIDE` greys from the upper left corner. A grey has 16
bits: 0 is the film's black, 65535 its white. Nothing is written to a disk, and nothing of a film stands in an address.
"""

import base64
import re
from typing import Any

import numpy as np
from jaxtyping import Float, UInt16

from dashboard.serving.session import Session

SIDE = 256  # greys of a tile; assets/js/review/film/tiles.js counts alike
AT_ONCE = 8  # tiles of one answer, 128 KiB each; assets/js/review/film/film.js asks for as many
STEPS = (1, 2, 4, 8, 16, 32, 64)
WHITE = 65535
LITTLE_ENDIAN_GREY = np.dtype("<u2")  # what a Uint16Array reads on every machine that runs a browser
TILE = re.compile(r"(.{1,80}):(\d{1,2})/(\d{1,4})/(\d{1,4})")


def film_tiles(session: Session, asked: object) -> dict[str, Any]:
    """Those of the tiles that are of a film of the open case, changed or as it came, or of the case that is pinned; the
    page may ask for anything.

    Returns:
        {"tiles": [[tile, its greys row by row in base64], …]}.
    """
    films = {case.film.name: case.film.pixels for case in session.held if case.film}
    found = []
    for tile in asked[:AT_ONCE] if isinstance(asked, list) else []:
        named = TILE.fullmatch(str(tile))
        if named and named[1] in films:
            greys = tile_of(films[named[1]], *map(int, named.groups()[1:]))
            if greys is not None:
                found.append([tile, base64.b64encode(greys.tobytes()).decode()])
    return {"tiles": found}


def tile_of(
    pixels: Float[np.ndarray, "height width"], step: int, row: int, column: int
) -> UInt16[np.ndarray, "rows columns"] | None:
    """A tile of a film with values in [0, 1], smaller at its lower and right edges; None where it has no such tile."""
    if step not in STEPS:
        return None
    size = step * SIDE
    part = pixels[row * size : (row + 1) * size, column * size : (column + 1) * size]
    if not part.size:
        return None
    if step > 1:
        part = _means(part, step)
    return (np.clip(part, 0, 1) * WHITE + 0.5).astype(LITTLE_ENDIAN_GREY)


def _means(part: Float[np.ndarray, "height width"], step: int) -> Float[np.ndarray, "rows columns"]:
    """Of squares of so many pixels; what is left of one at an edge counts alone."""
    starts = [np.arange(0, size, step) for size in part.shape]
    counts = [np.diff(s, append=size) for s, size in zip(starts, part.shape, strict=True)]
    sums = np.add.reduceat(np.add.reduceat(part, starts[1], axis=1), starts[0], axis=0)
    return sums / np.outer(*counts)
