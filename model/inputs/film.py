"""A radiograph from bytes: what they are is settled here, and what they show in another process."""

import hashlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.errors import ImageError
from model.inputs.decoding import decode
from model.inputs.limits import MAX_BYTES

FORMATS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "webp": "WebP", "bmp": "BMP", "dicom": "DICOM"}
SEND = "send a PNG, JPEG, TIFF, WebP, BMP or DICOM file"


class Film(NamedTuple):
    """A radiograph, ready for any encoder."""

    pixels: Float[np.ndarray, "height width"]  #: float32 in [0, 1]; 0 is black (air), 1 is white (bone)
    sha256: str  #: of the bytes as they came
    format: str  #: of FORMATS, by content

    @property
    def name(self) -> str:
        """A name for a film that no table names: made of its bytes, since its file's may hold a person's."""
        return name_of(self.sha256)


def name_of(sha256: str) -> str:
    """See `Film.name`."""
    return f"film-{sha256[:12]}"


def read_film(data: bytes) -> Film:
    """Read a radiograph from the bytes of a PNG, JPEG, TIFF, WebP, BMP or DICOM file.

    8-bit images are divided by 255. Images of more bits, and DICOM without a window, are stretched between their 0.5th
    and 99.5th percentile at full precision. Colour becomes luminance, transparency black, EXIF orientation is applied.
    DICOM passes its modality and VOI transforms; MONOCHROME1 is inverted; of several frames the first is read.

    Raises:
        ImageError: not such a file, damaged, too large, too small, or blank.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"The film came as {type(data).__name__}, not as the bytes of a file: {SEND}.")
    data = bytes(data)
    kind = _kind(data)
    return Film(decode(data, kind, FORMATS[kind]), hashlib.sha256(data).hexdigest(), kind)


def _kind(data: bytes) -> str:
    if not data:
        raise ImageError(f"The file is empty: {SEND}.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"The file has {len(data):,} bytes and at most {MAX_BYTES:,} are read: send a smaller one.")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "bmp"
    if data[128:132] == b"DICM":
        return "dicom"
    raise ImageError(f"The file is not an image that can be read: {SEND}.")
