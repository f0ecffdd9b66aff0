"""The elements of a DICOM file as they stand there, read one by one.

Real files leave elements empty, write decimals with a comma, and call signed numbers unsigned; pydicom refuses such
values, or the whole file. So it finds the elements here, and what they hold is read from their bytes. What comes before
the data set (preamble, meta group, transfer syntax) may lack: the first element says how the others are written.
"""

import re
import struct
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from model.errors import ImageError

PREFIX = b"DICM"
META, IDENTIFYING, PIXELS = 0x0002, 0x0008, 0x7FE0  # groups
DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205")
BINARY = {"US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "FL": "f4", "FD": "f8", "US or SS": "u2"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
ITEM = b"\xfe\xff\0\xe0"
# How high and wide a pixel is. Where a spacing is known the ratio alone must not be stated (PS3.3 C.7.6.3.1.7).
PIXEL_SHAPES = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")
UNDEFINED = 0xFFFFFFFF  # the length of what ends with a delimiter


def _tag(keyword: str) -> BaseTag:
    tag = tag_for_keyword(keyword)
    assert tag is not None  # the keywords are ours
    return BaseTag(tag)


class Elements:
    """A data set, or an item of a sequence, by the keywords of its elements."""

    def __init__(self, dataset: Dataset):
        self._dataset = dataset
        self._elements = {element.tag: element for element in dataset.elements()}  # pydicom converts some by and by

    def _element(self, keyword: str) -> RawDataElement | DataElement | None:
        return self._elements.get(_tag(keyword))

    def __contains__(self, keyword: str) -> bool:
        return self._element(keyword) is not None

    def raw(self, keyword: str) -> bytes:
        """The bytes of an element; none where it is absent, empty or a sequence."""
        value = getattr(self._element(keyword), "value", None)
        return value if isinstance(value, bytes) else b""

    def text(self, keyword: str) -> str:
        """Text without the blanks around it."""
        return self.raw(keyword).decode("latin-1").strip(" \0\r\n\t")

    def words(self, keyword: str) -> np.ndarray:
        """The element as unsigned numbers of 16 bits, whatever the file calls them."""
        raw = self.raw(keyword)
        return np.frombuffer(raw[: len(raw) // 2 * 2], f"{self.order(keyword)}u2").astype(np.uint16)

    def order(self, keyword: str) -> str:
        """Of the bytes in an element that is there: "<" or ">"."""
        return "<" if getattr(self._element(keyword), "is_little_endian", True) else ">"

    def representation(self, keyword: str) -> str:
        """The value representation, the dictionary's where the file names none."""
        named = getattr(self._element(keyword), "VR", None)
        return str(named) if named not in (None, "UN") else dictionary_VR(_tag(keyword))

    def numbers(self, keyword: str) -> list[float]:
        """The values of an element that is numbers or their text, a decimal comma being a point; none where it is
        absent or empty. One that is no number is not-a-number."""
        form = BINARY.get(self.representation(keyword))
        raw = self.raw(keyword)
        if form:
            size = np.dtype(form).itemsize
            return np.frombuffer(raw[: len(raw) // size * size], self.order(keyword) + form).astype(float).tolist()
        values = self.text(keyword).split("\\") if self.text(keyword) else []
        return [_number(value) for value in values]

    def whole(self, keyword: str, default: int | None = None) -> int:
        """The first value, as a whole number.

        Raises:
            ImageError: there is none, and no default.
        """
        value = next(iter(self.numbers(keyword)), None)
        if value is None and default is not None:
            return default
        if value is None or value != value:
            raise ImageError(
                f"The DICOM file does not say its {keyword}, without which it shows nothing: export it again."
            )
        return int(value)

    def items(self, keyword: str) -> list["Elements"]:
        """Those of a sequence; none where it is absent or empty."""
        if keyword not in self:
            return []
        return [Elements(item) for item in self._dataset[keyword].value or ()]

    def in_unicode(self, keyword: str) -> DataElement | None:
        """The element itself, its text in Unicode, to stand in another file; None where it is absent, or holds what
        pydicom does not take for a value of its kind."""
        if keyword not in self:
            return None
        try:
            element = self._dataset[keyword]
            str(element.value)  # what is read on demand is read here
            return element
        except Exception:  # whatever a value was written as
            return None

    @property
    def photometric(self) -> str:
        """The PhotometricInterpretation."""
        return self.text("PhotometricInterpretation")

    @property
    def encapsulated(self) -> bool:
        """Whether the pixels are made of fragments."""
        length = getattr(self._element("PixelData"), "length", 0)
        return length == UNDEFINED or self.raw("PixelData").startswith(ITEM)

    def of_first_frame(self, group: str) -> list["Elements"]:
        """Where to look for what may differ by frame, first things first: the functional group of frame 1, the one
        that all frames share, and the data set itself (PS3.3 C.7.6.16)."""
        holders = [
            holder
            for sequence in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
            for holder in self.items(sequence)[:1]
        ]
        return [item for holder in holders for item in holder.items(group)[:1]] + [self]

    @property
    def pixel_shape(self) -> tuple[str, float, float] | None:
        """How high and wide a pixel of the first frame is, after the name of the element that says so, of PIXEL_SHAPES;
        None where none that can be used does."""
        for holder in self.of_first_frame("PixelMeasuresSequence"):
            for keyword in PIXEL_SHAPES:
                match holder.numbers(keyword):
                    case [high, wide] if 0 < high < np.inf and 0 < wide < np.inf:
                        return keyword, high, wide
        return None


def _number(text: str) -> float:
    text = text.strip(" \0").replace(",", ".")
    return float(text) if NUMBER.fullmatch(text) else float("nan")


def looks_like_dicom(head: bytes) -> bool:
    """Whether a file starts as one does, with or without a preamble and a meta group.

    Args:
        head: at least the first 132 bytes, of a longer file.
    """
    if head[128:132] == PREFIX or head.startswith(PREFIX):
        return True
    if len(head) < 32:
        return False
    for order in "<>":
        group, number, form, length = struct.unpack_from(f"{order}HH2sH", head)
        if group in (META, IDENTIFYING) and number <= 0x0120:
            if form.isalpha() and form.isupper():
                return form in (b"UL", b"OB", b"CS", b"UI", b"DA", b"SH", b"LO", b"SQ", b"DT", b"TM")
            # Implicit: a length, behind which the next element must stand.
            (length,) = struct.unpack_from(f"{order}I", head, 4)
            if length <= 128 and length + 12 <= len(head):
                after = struct.unpack_from(f"{order}HH", head, 8 + length)
                return (group, number) < after and after[0] <= IDENTIFYING
    return False


def parse(file: BinaryIO, keywords: Iterable[str], pixels: bool = True) -> tuple[Elements, Elements]:
    """The named elements of a file, and those of its meta group, which may have none.

    Args:
        pixels: go on to the pixels, at the end.

    Raises:
        ImageError: it is deflated.
        Exception: it is damaged.
    """
    start = file.read(132)
    file.seek(132 if start[128:] == PREFIX else 4 if start.startswith(PREFIX) else 0)
    meta = Elements(read_dataset(file, False, True, stop_when=lambda tag, *_: tag >> 16 != META))
    if meta.text("TransferSyntaxUID") in DEFLATED:  # to inflate it takes unknown memory
        raise ImageError("The DICOM file is deflated, which is not read: export it uncompressed.")
    place = file.tell()
    first = file.read(6)
    file.seek(place)
    little = len(first) < 2 or first[0] != 0 or first[1] == 0  # no group before the pixels' is above 0x00FF
    dataset = read_dataset(
        file,
        not first[4:].isalpha(),
        little,
        stop_when=None if pixels else lambda tag, *_: tag >> 16 >= PIXELS,
        specific_tags=[_tag(keyword) for keyword in keywords],
    )
    return Elements(dataset), meta
