"""How the copy of a film is kept: its pixels alone, as 16-bit PNG. The file it came in may name the patient."""

from io import BytesIO

import numpy as np
from PIL import Image

from model.inputs import Film

WHITE = 2**16 - 1


def png_of(film: Film) -> bytes:
    """The pixels as a PNG, to 1/65535 of white."""
    out = BytesIO()
    Image.fromarray(np.round(film.pixels * WHITE).astype(np.uint16)).save(out, "PNG")
    return out.getvalue()


def film_of(png: bytes, sha256: str) -> Film:
    """The film again. `read_film` would stretch the 16 bits, and name it by the copy's bytes.

    Args:
        sha256: of the file that the film came in.
    """
    with Image.open(BytesIO(png), formats=("PNG",)) as image:
        return Film(np.asarray(image).astype(np.float32) / WHITE, sha256, "png")
