"""Films as the page shows them: 8-bit pictures inside the page's own data, never files on disk."""

import base64
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from model.errors import ImageError
from model.inputs import read_film
from model.studies.table import Study

FILM_SIDE = 1024  # more than the stage shows on any screen at scale 1
THUMB_SIDE = 112
FIRST_WORDS = 160  # characters of a report, on a card


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
        return data_url(read_film(path.read_bytes(), alone=False).pixels, THUMB_SIDE, quality=80)
    except (OSError, ImageError):
        return None


def study_card(study: Study) -> dict[str, Any]:
    """A reference study at a glance: findings, thumbnail and the first words of its report."""
    words = " ".join(study.report.split())
    return {
        "id": study.study_id,
        "labels": sorted(study.labels),
        "film": thumbnail(study.image),
        "words": words[:FIRST_WORDS] + ("…" if len(words) > FIRST_WORDS else ""),
    }
