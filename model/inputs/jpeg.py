"""JPEG of every kind that a film comes in: 8 and 12 bits, lossless, JPEG-LS, CMYK; and what its header says.

Decoded by libjpeg-turbo (JPEG-LS: CharLS) through imagecodecs and not through Pillow: up to 12.3 Pillow's JPEG decoder
writes past its buffer (CVE-2026-112398, CVE-2026-112403), and Gradio does not allow for 13.0, which mends that.
"""

import re
import struct
from typing import NamedTuple

import imagecodecs
import numpy as np

from model.errors import ImageError
from model.inputs.limits import check_scans
from model.inputs.orientation import UPRIGHT, orientation

STARTS = b"\xff\xd8\xff"
LS, LOSSLESS = 0xF7, {0xC3, 0xC7, 0xCB, 0xCF}
FRAME = {*range(0xC0, 0xD0), LS} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15, and JPEG-LS's SOF55
READ = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, LS}  # not hierarchical, nor lossless by arithmetic coding
SCAN, END, JFIF, EXIF, ADOBE = 0xDA, 0xD9, 0xE0, 0xE1, 0xEE
BARE = {0x00, 0x01, *range(0xD0, 0xD9)}  # markers without a length
# What ends the coded data of a scan: a marker, and none that may stand within. A set bit follows a JPEG-LS marker.
AFTER_SCAN = {True: re.compile(b"\xff[\x80-\xcf\xd8-\xfe]"), False: re.compile(b"\xff[\x01-\xcf\xd8-\xfe]")}


class Header(NamedTuple):
    """What the markers of a picture say."""

    kind: int  #: the start of frame's second byte
    width: int
    height: int
    bits: int
    samples: int
    adobe: bool  #: CMYK is stored inverted, as Adobe does
    ycc: bool | None  #: of three samples the first is luminance, as JFIF or Adobe says; None: neither does
    turn: int  #: the EXIF orientation
    end: int  #: where the picture ends; what follows (a video, another picture) is no part of it


def read_header(jpeg: bytes) -> Header:
    """
    Raises:
        ImageError: too many scans, or coded in a way that is not read.
        Exception: damaged or cut off.
    """
    place, frame, kind, adobe, jfif, turn, scans = 2, None, 0, None, False, UPRIGHT, 0
    while True:
        place = jpeg.index(b"\xff", place)  # decoders skip what is no marker
        marker = jpeg[place + 1]
        if marker == 0xFF or marker in BARE:  # fill bytes may stand before a marker
            place += 1 if marker == 0xFF else 2
            continue
        if marker == END:
            break
        (length,) = struct.unpack_from(">H", jpeg, place + 2)
        body = jpeg[place + 4 : place + 2 + length]
        place += 2 + length
        if marker in FRAME and frame is None:
            kind, frame = marker, struct.unpack_from(">BHHB", body)
        elif marker == JFIF:
            jfif = jfif or body.startswith(b"JFIF\0")
        elif marker == EXIF and body.startswith(b"Exif\0\0"):
            turn = orientation(body)
        elif marker == ADOBE and body.startswith(b"Adobe") and len(body) > 11:
            adobe = body[11]
        elif marker == SCAN:
            scans += 1
            check_scans(scans)
            if not (found := AFTER_SCAN[kind == LS].search(jpeg, place)):
                raise ValueError  # the decoder would fill what is missing with grey
            place = found.start()
    if frame is None or not scans:
        raise ValueError
    if kind not in READ:
        raise ImageError("The JPEG is coded in a way that is not read: export it as baseline JPEG or PNG.")
    bits, height, width, samples = frame
    ycc = None
    if samples == 3 and kind not in (LS, *LOSSLESS):  # libjpeg's order; JFIF is defined for lossy coding alone
        ycc = True if jfif else None if adobe is None else adobe == 1
    return Header(kind, width, height, bits, samples, adobe is not None, ycc, turn, place + 2)


def decode(jpeg: bytes, head: Header) -> np.ndarray:
    """(height, width) or (height, width, samples), as they are to be seen; uint16 above 8 bits.

    Raises:
        ImageError: 2 samples a pixel, or more than 4.
    """
    if head.samples not in (1, 3, 4):
        raise ImageError("The JPEG is neither greyscale nor colour: export it as greyscale.")
    if head.kind == LS:
        return imagecodecs.jpegls_decode(jpeg[: head.end])
    values = imagecodecs.jpeg8_decode(jpeg[: head.end])
    return np.subtract(255, values, out=values) if head.samples == 4 and head.adobe else values
