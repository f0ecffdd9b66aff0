"""A frame of a DICOM file as it is stored: what it is made of, compressed or not, and the values in it."""

from typing import NamedTuple

import numpy as np

from model.errors import ImageError
from model.inputs.elements import Elements

FLOATS = {"FloatPixelData": "f4", "DoubleFloatPixelData": "f8"}
ALLOCATED = (1, 8, 16, 32)
OVERSHOOT = 8  # lossy compression adds less than this part of the range; an overlay's bit adds all of it


class Frame(NamedTuple):
    """Frame 1, as its decoder gives it."""

    words: np.ndarray  #: (rows, columns), or (rows, columns, samples): unsigned, or floating
    precision: int  #: the bits of a word that the decoder knows of
    lossy: bool = False  #: a white that was stored may come out a little brighter
    ybr: bool = False  #: three samples are Y, Cb and Cr; else red, green and blue


def shape(elements: Elements) -> tuple[int, ...]:
    """(rows, columns), or (rows, columns, samples)."""
    colour = elements.photometric.startswith(("RGB", "YBR"))
    samples = elements.whole("SamplesPerPixel", 3 if colour else 1)
    return (elements.whole("Rows"), elements.whole("Columns")) + (samples,) * (samples > 1)


def floating_frame(elements: Elements, keyword: str) -> Frame:
    """Frame 1 of floating values. ValueError: there are too few."""
    values = _values(elements, keyword, FLOATS[keyword], int(np.prod(shape(elements))))
    return Frame(values.reshape(shape(elements)), 8 * values.itemsize)


def native_frame(elements: Elements, syntax: str) -> Frame:
    """Frame 1 of uncompressed pixels.

    Args:
        syntax: the transfer syntax. One that is none of PS3.5's own may order bytes in another way.

    Raises:
        ImageError: of a number of bits, or by a syntax, that is not read.
        ValueError: there are too few.
    """
    if syntax and not syntax.startswith("1.2.840.10008.1.2"):
        raise ImageError("The DICOM file has a private transfer syntax, which is not read: export it uncompressed.")
    bits, form = elements.whole("BitsAllocated"), shape(elements)
    if bits not in ALLOCATED:
        raise ImageError(
            f"The DICOM file allocates {bits} bits to a value, and 1, 8, 16 or 32 are read: export it again."
        )
    photometric, count = elements.photometric, int(np.prod(form))
    if bits == 1:
        packed = _values(elements, "PixelData", "u1", -(-count // 8))
        return Frame(np.unpackbits(packed, count=count, bitorder="little").reshape(form), 1)
    if photometric == "YBR_FULL_422":  # Y1 Y2 Cb Cr, for two pixels
        fours = _values(elements, "PixelData", f"u{bits // 8}", count // 3 * 2).reshape(-1, 4)
        return Frame(fours[:, [0, 2, 3, 1, 2, 3]].reshape(form), bits, ybr=True)
    values = _values(elements, "PixelData", f"u{bits // 8}", count)
    if len(form) == 3 and elements.whole("PlanarConfiguration", 0) == 1:
        values = np.moveaxis(values.reshape(form[2], *form[:2]), 0, -1)
    return Frame(values.reshape(form), bits, ybr=photometric.startswith("YBR_FULL"))


def _values(elements: Elements, keyword: str, form: str, count: int) -> np.ndarray:
    """As this machine writes them; in a big-endian file 8-bit values may be the bytes of words."""
    data, order = elements.raw(keyword), elements.order(keyword)
    if form == "u1" and order == ">" and elements.representation(keyword) == "OW":
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
    values = np.frombuffer(data, order + form, count)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def stored_values(frame: Frame, elements: Elements) -> np.ndarray:
    """The values that a frame's words hold: BitsStored bits up to HighBit, signed where the header says so.

    A decoder gives bits; whether they are signed the header knows, even where a JPEG 2000 stream disagrees. What stands
    in the other bits (overlays, of old) is no part of them, except for what lossy compression has added to white.
    """
    words, stored = frame.words, elements.whole("BitsStored")
    if stored < 1 or frame.precision > elements.whole("BitsAllocated"):  # the header is wrong, and the stream knows
        stored = frame.precision
    bits, high = min(stored, frame.precision), elements.whole("HighBit", stored - 1)
    if stored - 1 < high < frame.precision:
        words = words >> (high + 1 - stored)
    signed = elements.whole("PixelRepresentation") == 1
    if frame.lossy and bits < frame.precision:
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        values, beyond = _held(words, frame.precision, signed), 2**bits // OVERSHOOT
        if values.min() >= low - beyond and values.max() <= high + beyond:
            return values.clip(low, high)
    return _held(words, bits, signed)


def _held(words: np.ndarray, bits: int, signed: bool) -> np.ndarray:
    """The lowest bits of the words."""
    unused = words.dtype.itemsize * 8 - bits
    if not signed:
        return words & (2**bits - 1) if unused else words
    words = words.view(f"i{words.dtype.itemsize}")
    return (words << unused) >> unused if unused else words


def padding(frame: Frame, values: np.ndarray, elements: Elements) -> np.ndarray | None:
    """Where the pixels are no part of the picture (PixelPaddingValue, PS3.3 C.7.5.1.1.2); None where all are.

    A value that BitsStored bits cannot hold is looked for in the whole words.
    """
    name = {"f4": "Float", "f8": "DoubleFloat"}.get(values.dtype.str[1:], "") + "PixelPadding"
    if not elements.raw(f"{name}Value"):
        return None
    if values.dtype.kind == "f":
        ends = elements.numbers(f"{name}Value")[:1] + elements.numbers(f"{name}RangeLimit")[:1]
    else:
        signed = values.dtype.kind == "i"
        words = [*elements.words(f"{name}Value")[:1], *elements.words(f"{name}RangeLimit")[:1]]
        ends = [int(word.astype(np.int16) if signed else word) for word in words]
        bits = min(elements.whole("BitsStored"), frame.precision)
        held = range(-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else range(2**bits)
        if ends[0] not in held:
            values = frame.words.view(f"i{frame.words.itemsize}") if signed else frame.words
    padded = (values >= min(ends)) & (values <= max(ends))
    return padded if padded.any() else None
