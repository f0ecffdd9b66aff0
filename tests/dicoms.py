"""DICOM files written element by element: as real writers write them, which pydicom would refuse to."""

import struct

import imagecodecs
import numpy as np
from films import RAMP12
from helpers import NAME
from pydicom import uid
from pydicom.datadict import tag_for_keyword
from pydicom.encaps import encapsulate

FORMS = {"US": "H", "SS": "h", "UL": "I", "FL": "f", "FD": "d"}
LONG = ("OB", "OW", "OF", "OD", "SQ", "UN")
META = 0x0002
Elements = dict[str, tuple[str, object]]


def film(words: np.ndarray, **changed) -> Elements:
    """The elements of a film of stored words, unsigned or signed; `changed` gives others, or None to leave one out."""
    kind, colour = words.dtype, words.ndim == 3
    elements = {
        "PatientName": ("PN", NAME),
        "Rows": ("US", [words.shape[0]]),
        "Columns": ("US", [words.shape[1]]),
        "SamplesPerPixel": ("US", [3 if colour else 1]),
        "PhotometricInterpretation": ("CS", "RGB" if colour else "MONOCHROME2"),
        "BitsAllocated": ("US", [kind.itemsize * 8]),
        "BitsStored": ("US", [kind.itemsize * 8]),
        "PixelRepresentation": ("US", [int(kind.kind == "i")]),
        "PixelData": ("OB" if kind.itemsize == 1 else "OW", words),
    }
    return {keyword: value for keyword, value in (elements | changed).items() if value is not None}


def twelve(words: np.ndarray, **changed) -> Elements:
    """As `film`, of 12 bits stored."""
    return film(words, **{"BitsStored": ("US", [12]), "HighBit": ("US", [11])} | changed)


def window(centre, width, function: str | None = None) -> Elements:
    """The elements of a window, as text."""
    named = {} if function is None else {"VOILUTFunction": ("CS", function)}
    return {"WindowCenter": ("DS", str(centre)), "WindowWidth": ("DS", str(width)), **named}


def rescale(slope, intercept) -> Elements:
    """The elements of a modality transform, as text."""
    return {"RescaleSlope": ("DS", str(slope)), "RescaleIntercept": ("DS", str(intercept))}


def table(vr: str, first: int, entries: np.ndarray, bits: int = 16, data: tuple[str, object] | None = None) -> Elements:
    """An item with a lookup table, its descriptor called US or SS, of entries in words unless `data` has them."""
    described = np.array([len(entries), first, bits]).astype(np.uint16)
    return {
        "LUTDescriptor": (vr, (described.view(np.int16) if vr == "SS" else described).tolist()),
        "LUTData": data or ("OW", entries.astype(np.uint16)),
    }


def written(
    elements: Elements,
    syntax: str = uid.ExplicitVRLittleEndian,
    preamble: bytes | None = bytes(128),
    meta: bool = True,
    frame: bytes | None = None,
    fragments: int = 1,
) -> bytes:
    """A file.

    Args:
        syntax: the transfer syntax, which says how elements are written, too.
        preamble: the 128 bytes before "DICM"; None for neither.
        meta: write the group that names the transfer syntax.
        frame: the compressed pixels.
        fragments: how many pieces they come in; of several, no offset table says where each starts.
    """
    order, implicit = (">" if syntax == uid.ExplicitVRBigEndian else "<"), syntax == uid.ImplicitVRLittleEndian
    data = b"" if preamble is None else preamble + b"DICM"
    if meta:
        group = _element("TransferSyntaxUID", "UI", syntax, "<", False)
        data += _element("FileMetaInformationGroupLength", "UL", [len(group)], "<", False) + group
    return data + _data_set(elements, order, implicit, frame, fragments)


def _data_set(elements: Elements, order: str, implicit: bool, frame: bytes | None = None, fragments: int = 1) -> bytes:
    data = b""
    for keyword in sorted(elements, key=tag_for_keyword):
        if keyword == "PixelData" and frame is not None:
            data += struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 2**32 - 1) + encapsulate(
                [frame], fragments, fragments == 1
            )
            data += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        else:
            data += _element(keyword, *elements[keyword], order, implicit)
    return data


def _element(keyword: str, vr: str, value, order: str, implicit: bool) -> bytes:
    if vr == "SQ":
        items = [_data_set(item, order, implicit) for item in value]
        value = b"".join(struct.pack(f"{order}HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    elif isinstance(value, np.ndarray):
        value = value.astype(value.dtype.newbyteorder(order)).tobytes()
    elif isinstance(value, list):
        value = struct.pack(f"{order}{len(value)}{FORMS[vr]}", *value)
    elif isinstance(value, str):
        value = value.encode()
    value += (b"\0" if vr in (*LONG, "UI") else b" ") * (len(value) % 2)
    tag = tag_for_keyword(keyword)
    start = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return start + struct.pack(f"{order}I", len(value)) + value
    length = struct.pack(f"{order}HI" if vr in LONG else f"{order}H", *((0,) if vr in LONG else ()), len(value))
    return start + vr.encode() + length + value


def rle(words: np.ndarray) -> bytes:
    """Two segments of literal runs, most significant bytes first."""
    planes = [words.astype(np.uint16) >> 8, words & 0xFF]
    coded = []
    for plane in planes:
        octets = plane.astype(np.uint8).tobytes()
        runs = (octets[i : i + 128] for i in range(0, len(octets), 128))
        coded.append(b"".join(bytes([len(run) - 1]) + run for run in runs))
    starts = [2, 64, 64 + len(coded[0])] + [0] * 13
    return np.array(starts, "<u4").tobytes() + b"".join(coded)


def lossless(words: np.ndarray, bits: int = 16) -> bytes:
    """A lossless JPEG."""
    return imagecodecs.jpeg8_encode(words, lossless=True, bitspersample=bits)


WINDOW = window(2000, 3000)
EXPECTED = np.clip((RAMP12 - 1999.5) / 2999 + 0.5, 0, 1)  # RAMP12 in it, PS3.3 C.11.2.1.2.1
