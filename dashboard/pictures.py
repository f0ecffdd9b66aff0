"""Films as the page shows them: 8-bit pictures inside the page's own data, never files on disk."""

import base64
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from model.errors import ImageError
from model.inputs import read_film

FILM_SIDE = 1024  # more than the stage shows on any screen at scale 1
THUMB_SIDE = 112


def data_url(pixels: Float[np.ndarray, "height width"], side: int = FILM_SIDE, quality: int = 88) -> str:
    """A film with values in [0, 1] as a JPEG in a data: address, its longer side at most `side` pixels."""
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@lru_cache(maxsize=512)
def thumbnail(path: Path | None) -> str | None:
    """The thumbnail of a study's film; None where there is no film that can be read."""
    if path is None:
        return None
    try:
        return data_url(read_film(path.read_bytes()).pixels, THUMB_SIDE, quality=80)
    except (OSError, ImageError):
        return None
