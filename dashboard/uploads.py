"""What the page receives as a file: read once, and nothing of it left where Gradio put it.

Names of files often hold those of patients. Gradio makes the sender's name part of the path on the disk, of its answer
and of what it says while the file arrives; here each gets a name drawn by lot before any of that.
"""

import secrets
from pathlib import Path

from gradio import route_utils

from model.inputs import Film, read_film


class _Unnamed(route_utils.GradioUploadFile):
    def __init__(self, file, **fields):
        super().__init__(file, **fields | {"filename": f"film-{secrets.token_hex(8)}"})


# Gradio has no setting for it. The name is its own for each upload: two readers may send the same film.
route_utils.GradioUploadFile = _Unnamed


def take_film(path: str) -> Film:
    """The film in a file that the page received, which is removed.

    Raises:
        ImageError: it is none that can be read.
        OSError: the file is gone.
    """
    try:
        return read_film(Path(path).read_bytes())
    finally:
        Path(path).unlink(missing_ok=True)
