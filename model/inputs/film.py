"""A radiograph from bytes: what they are is settled here, and what they show in another process."""

import hashlib
from typing import NamedTuple

from model.errors import ImageError
from model.inputs.decoding import decode
from model.inputs.header import Contradiction
from model.inputs.kinds import FORMATS, SEND, kind_of_file
from model.inputs.limits import MAX_BYTES
from model.inputs.origin import MAX_HEADER, SealedHeader
from model.inputs.tones import Pixels


class Film(NamedTuple):
    """A radiograph, ready for any encoder."""

    pixels: Pixels  #: float32 in [0, 1]; 0 is black (air), 1 is white (bone)
    sha256: str  #: of the bytes as they came
    format: str  #: of FORMATS, by content
    contradiction: Contradiction | None = None  #: what its header says against a frontal film of a chest
    header: SealedHeader | None = None  #: of a DICOM file, for who asked for it: where results of the film belong

    @property
    def name(self) -> str:
        """A name for a film that no table names: made of its bytes, since its file's may hold a person's."""
        return name_of(self.sha256)


def name_of(sha256: str) -> str:
    """See `Film.name`."""
    return f"film-{sha256[:12]}"


def read_film(data: bytes, alone: bool = True, with_header: bool = False) -> Film:
    """Read a radiograph from the bytes of a PNG, JPEG, TIFF, WebP, BMP or DICOM file.

    8-bit images are divided by 255, unless they use its lowest quarter alone. Those, images of more bits, and DICOM
    without a window are stretched between their 0.5th and 99.5th percentile at full precision. Colour becomes
    luminance, transparency and padding black, EXIF orientation is applied. DICOM passes its modality and VOI
    transforms; MONOCHROME1 is inverted; pixels are made square; of several frames the first is read.

    Args:
        alone: decode it in a process of its own; else, for the films of a table, in one that goes on to the next.
        with_header: hold the header of a DICOM file, too, sealed; one beyond MAX_HEADER is left out.

    Raises:
        ImageError: not such a file, damaged, too large, too small, or blank.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"The film came as {type(data).__name__}, not as the bytes of a file: {SEND}.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"The file has {len(data):,} bytes and at most {MAX_BYTES:,} are read: send a smaller one.")
    data = bytes(data)
    kind = kind_of_file(data)
    pixels, contradiction, length = decode(data, kind, FORMATS[kind], alone)
    header = SealedHeader(data[:length]) if with_header and 0 < length <= MAX_HEADER else None
    return Film(pixels, hashlib.sha256(data).hexdigest(), kind, contradiction, header)
