"""The compressed frame of a DICOM file: by imagecodecs, whose decoders (libjpeg-turbo, CharLS, OpenJPEG) are free to
pass on with this project. pylibjpeg's for JPEG and JPEG-LS is under the GPL, and pydicom would take Pillow for some.
"""

import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
from pydicom.encaps import get_frame

from model.errors import ImageError
from model.inputs import jpeg
from model.inputs.elements import Elements
from model.inputs.limits import check_size
from model.inputs.native import Frame, shape

CODESTREAM, CODING = b"\xff\x4f\xff\x51", b"\xff\x52"  # of JPEG 2000: SOC with SIZ, COD
RLE_HEADER = 64  # bytes, and where the first segment starts


def compressed_frame(elements: Elements, syntax: str) -> Frame:
    """Frame 1 of compressed pixels.

    Args:
        syntax: the transfer syntax; where the file names none, the frame's own first bytes say how it is compressed.

    Raises:
        ImageError: no such compression is read, or the frame is not the image that the header states.
        Exception: it is damaged.
    """
    if syntax and syntax not in DECODERS:
        raise ImageError(NOT_READ)
    frame = get_frame(elements.raw("PixelData"), 0, number_of_frames=max(1, elements.whole("NumberOfFrames", 1)))
    decoder = _by_content(frame) or DECODERS.get(syntax)
    if decoder is None:
        raise ImageError(NOT_READ)
    decoded = decoder(frame, elements)
    if decoded.words.shape != shape(elements):
        raise ImageError("The compressed image in the DICOM file has another size than its header: export it again.")
    return decoded._replace(
        words=decoded.words.view(f"u{decoded.words.itemsize}"), lossy=decoded.lossy or syntax in LOSSY
    )


def _by_content(frame: bytes) -> Callable[[bytes, Elements], Frame] | None:
    """What its first bytes call for, which is what its maker used, whatever the header says."""
    if frame.startswith(jpeg.STARTS):
        return _jpeg
    if frame.startswith(CODESTREAM) or frame[4:8] == b"jP  ":
        return _jpeg2k
    number, first = struct.unpack_from("<II", frame)
    return _rle if 1 <= number <= 15 and first == RLE_HEADER else None


def _ybr(elements: Elements) -> bool:
    return elements.photometric.startswith("YBR_FULL")


def _jpeg(frame: bytes, elements: Elements) -> Frame:
    head = jpeg.read_header(frame)
    check_size(head.width, head.height)
    if head.samples == 1 or head.kind == jpeg.LS:
        return Frame(jpeg.decode(frame, head), head.bits, ybr=_ybr(elements))
    # What the samples are, the stream says where it is JFIF or Adobe's, whatever the header calls it; else the header.
    ybr = _ybr(elements) if head.ycc is None else head.ycc
    values = imagecodecs.jpeg8_decode(frame, colorspace="YCBCR" if ybr else "RGB", outcolorspace="RGB")
    return Frame(values, head.bits)


def _jpeg2k(frame: bytes, elements: Elements) -> Frame:
    start = frame.index(CODESTREAM)
    right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
    check_size(right - left, bottom - top)
    precision = (frame[start + 42] & 0x7F) + 1
    coding = frame.index(CODING, start + 42)
    mixed, reversible = frame[coding + 8] == 1, frame[coding + 13] == 1  # the decoder makes RGB of what was mixed
    ybr = _ybr(elements) and not mixed
    return Frame(imagecodecs.jpeg2k_decode(frame, numthreads=1), precision, lossy=not reversible, ybr=ybr)


def _rle(frame: bytes, elements: Elements) -> Frame:
    rows, columns, samples = (*shape(elements), 1)[:3]
    stored = np.dtype(f"<u{elements.whole('BitsAllocated') // 8}")
    size = rows * columns * samples * stored.itemsize
    if len(frame) > 2 * size + 4096:
        raise ImageError("The DICOM file holds more compressed data than its image can need: export it again.")
    planes = np.frombuffer(imagecodecs.dicomrle_decode(frame, stored, out=size), stored)
    planes = planes.reshape(samples, rows, columns)
    words = planes[0] if samples == 1 else np.moveaxis(planes, 0, -1)
    return Frame(words, 8 * stored.itemsize, ybr=_ybr(elements))


NOT_READ = "The DICOM file is compressed in a way that is not read: export it uncompressed."
UIDS = "1.2.840.10008.1.2."
LOSSY = {f"{UIDS}4.{number}" for number in (81, 91, 203)}  # or may be
DECODERS: dict[str, Callable[[bytes, Elements], Frame]] = {
    f"{UIDS}5": _rle,
    # Baseline, extended, spectral selection, full progression, lossless twice; JPEG-LS twice.
    **{f"{UIDS}4.{number}": _jpeg for number in (50, 51, 53, 55, 57, 70, 80, 81)},
    **{f"{UIDS}4.{number}": _jpeg2k for number in (90, 91, 201, 202, 203)},  # and as HTJ2K
}
