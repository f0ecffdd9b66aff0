"""Films as the page sends them."""

from io import BytesIO

import numpy as np
from PIL import Image

from dashboard.access.identity import LOCAL
from dashboard.cases.uploads import waiting
from model.inputs import Film


def png(film: Film) -> bytes:
    """The film as a picture of 8 bits."""
    Image.fromarray((film.pixels * 255).astype(np.uint8)).save(out := BytesIO(), "PNG")
    return out.getvalue()


def sent(film: bytes) -> str:
    """The name of a film that the page was sent, where nobody has to log in."""
    return waiting.keep(BytesIO(film), len(film), LOCAL)
