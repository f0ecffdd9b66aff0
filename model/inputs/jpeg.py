"""JPEG of every kind that a film comes in: 8 and 12 bits, lossless, CMYK; and what its header says.

Decoded by libjpeg-turbo through imagecodecs and not through Pillow: up to 12.3 Pillow's JPEG decoder writes past its
buffer (CVE-2026-112398, CVE-2026-112403), and Gradio does not allow for 13.0, which mends that.
"""

import struct
from typing import NamedTuple

import imagecodecs
import numpy as np

from model.errors import ImageError
from model.inputs.limits import check_scans
from model.inputs.orientation import UPRIGHT, orientation

STARTS = b"\xff\xd8\xff"
FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15, and JPEG-LS's SOF55
SCAN, END, EXIF, ADOBE = 0xDA, b"\xff\xd9", 0xE1, 0xEE
BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


class Header(NamedTuple):
    """What stands before the first scan."""

    width: int
    height: int
    bits: int
    samples: int
    adobe: bool  #: CMYK is stored inverted, as Adobe does
    turn: int  #: the EXIF orientation


def header(jpeg: bytes) -> Header:
    """
    Raises:
        ImageError: too many scans.
        ValueError: damaged or cut off.
    """
    check_scans(jpeg)
    place, frame, adobe, turn = 2, None, False, UPRIGHT
    while jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xFF or marker in BARE:  # fill bytes may stand before a marker
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", jpeg, place + 2)
        body = jpeg[place + 4 : place + 2 + length]
        if marker in FRAME and frame is None:
            frame = struct.unpack_from(">BHHB", body)
        elif marker == EXIF and body.startswith(b"Exif\0\0"):
            turn = orientation(body)
        elif marker == ADOBE:
            adobe = adobe or body.startswith(b"Adobe")
        elif marker == SCAN:
            break
        place += 2 + length
    if frame is None or END not in jpeg[place:]:  # the decoder would fill what is missing with grey
        raise ValueError
    bits, height, width, samples = frame
    return Header(width, height, bits, samples, adobe, turn)


def decode(jpeg: bytes, head: Header) -> np.ndarray:
    """(height, width) or (height, width, samples), as they are to be seen; uint16 above 8 bits.

    Raises:
        ImageError: 2 samples a pixel, or more than 4.
    """
    if head.samples not in (1, 3, 4):
        raise ImageError("The JPEG is neither greyscale nor colour: export it as greyscale.")
    values = imagecodecs.jpeg8_decode(jpeg)
    return np.subtract(255, values, out=values) if head.samples == 4 and head.adobe else values
