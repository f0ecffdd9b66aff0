"""PNG, JPEG, WebP and BMP. Of what a header says only sizes, frames and orientation are read."""

import struct
from collections.abc import Iterator

import imagecodecs
import numpy as np

from model.errors import ImageError
from model.inputs import jpeg
from model.inputs.limits import check_frames, check_size
from model.inputs.orientation import UPRIGHT, orientation, upright
from model.inputs.tiff import read_tiff
from model.inputs.tones import Pixels, grey, unit

Picture = tuple[np.ndarray, int]  # (height, width), unsigned, before it is turned; the EXIF orientation


def read_picture(data: bytes, kind: str) -> Pixels:
    """8 bits are divided by 255; more are stretched. Alpha is laid over black, colour becomes luminance.

    Raises:
        ImageError: beyond a limit, or of a kind that is no film.
        Exception: the file is damaged.
    """
    if kind == "tiff":
        return read_tiff(data)
    values, turn = READERS[kind](data)
    return upright(unit(values, 255 if values.dtype == np.uint8 else None), turn)


def _png(data: bytes) -> Picture:
    check_size(*struct.unpack_from(">II", data, 16))
    chunks = dict(_chunks(data, 8, png=True))
    if frames := chunks.get(b"acTL"):  # an animation
        check_frames(*struct.unpack_from(">I", frames))
    return grey(imagecodecs.png_decode(data)), orientation(chunks.get(b"eXIf", b""))


def _jpeg(data: bytes) -> Picture:
    head = jpeg.read_header(data)
    check_size(head.width, head.height)
    return grey(jpeg.decode(data, head), inks=head.samples == 4), head.turn


def _webp(data: bytes) -> Picture:
    chunks = list(_chunks(data, 12, png=False))
    check_size(*_webp_size(dict(reversed(chunks))))
    check_frames(sum(name == b"ANMF" for name, _ in chunks))
    turn = orientation(dict(chunks).get(b"EXIF", b""))
    return grey(imagecodecs.webp_decode(data, 0, hasalpha=True)), turn


def _webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Of the canvas; see the WebP container specification and RFC 6386, 9.1."""
    if b"VP8X" in chunks:
        wide, high = chunks[b"VP8X"][4:7], chunks[b"VP8X"][7:10]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if b"VP8L" in chunks:
        (bits,) = struct.unpack_from("<I", chunks[b"VP8L"], 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", chunks[b"VP8 "], 6)
    return width & 0x3FFF, height & 0x3FFF


def _bmp(data: bytes) -> Picture:
    (length,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if length == 12 else "<ii", data, 18)
    check_size(width, abs(height))
    if length > 12 and struct.unpack_from("<I", data, 30)[0] not in (0, 3):  # neither plain nor bit fields
        raise ImageError("The BMP is compressed, which is not read: export it as PNG.")
    values = imagecodecs.bmp_decode(data)
    return grey(values if values.ndim == 2 else values[..., :3]), UPRIGHT  # a fourth sample means nothing


def _chunks(data: bytes, place: int, png: bool) -> Iterator[tuple[bytes, bytes]]:
    """The named pieces of a PNG or of a RIFF container: the first bytes of each, which hold all that is read here."""
    while place + 8 <= len(data):
        if png:
            length, name = struct.unpack_from(">I4s", data, place)
        else:
            name, length = struct.unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + min(length, 2**16)]
        place += 8 + length + (4 if png else length % 2)  # the checksum; what pads to an even length


READERS = {"png": _png, "jpeg": _jpeg, "webp": _webp, "bmp": _bmp}
