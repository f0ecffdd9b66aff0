"""What a study is known by wherever it is met again: its film, its report and its patient; never the name of a
file or a line.

Digests alone are made and kept: of pixels and of the file, so that a film is known after it was packed otherwise and
after another version of the decoders; of a report's words, whatever blanks and line ends stand between them.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.errors import ImageError
from model.inputs import Film, read_film
from model.studies.table import Study

NO_FILM = b"", b""
REMEMBERED = 20_000  # films whose digests are not computed twice; 300 bytes each


class Content(NamedTuple):
    """SHA-256 of each part of a study; empty where it has none."""

    file: bytes  # of the film, as it lies
    film: bytes  # of its pixels and its shape
    report: bytes
    patient: bytes


def content_of(study: Study, film: Film | None) -> Content:
    """What a study is known by.

    Args:
        film: of the study, where it has one that can be read.
    """
    return _content(study, _of_film(film) if film else NO_FILM)


def contents_of(studies: Iterable[Study]) -> list[Content]:
    """What each of some studies is known by; a film that cannot be read is none."""
    return [_content(s, _film_of(s)) for s in studies]


def _content(study: Study, film: tuple[bytes, bytes]) -> Content:
    words = " ".join(unicodedata.normalize("NFC", study.report).split())
    return Content(*film, _sha256(words), _sha256(study.patient_id.strip()))


def _film_of(study: Study) -> tuple[bytes, bytes]:
    try:
        status = study.image and study.image.stat()
        return _read(study.image, status.st_mtime_ns, status.st_size) if status else NO_FILM
    except (ImageError, OSError):  # said where it is encoded
        return NO_FILM


@lru_cache(REMEMBERED)
def _read(path: Path, changed: int, size: int) -> tuple[bytes, bytes]:
    return _of_film(read_film(path.read_bytes(), alone=False))


def _of_film(film: Film) -> tuple[bytes, bytes]:
    pixels = np.ascontiguousarray(film.pixels, np.float32)
    return bytes.fromhex(film.sha256), hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).digest()


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest() if text else b""
