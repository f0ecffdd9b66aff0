"""Lookup tables in a DICOM file: of modality, of display, of colours (PS3.3 C.11.1, C.11.2, C.7.9)."""

from typing import NamedTuple

import numpy as np

from model.errors import ImageError
from model.inputs.elements import Elements

COLOURS = ("Red", "Green", "Blue")


class LookupTable(NamedTuple):
    """A lookup table: what it does not reach gets its first or its last entry."""

    first: int  #: the value that entry 0 is for
    entries: np.ndarray  #: unsigned, 16 bits
    bits: int  #: of an entry, as the file says

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The entry for each value."""
        places = np.rint(np.subtract(values, self.first, dtype=np.float64)).clip(0, len(self.entries) - 1)
        return self.entries[places.astype(np.int32)]

    def shown(self, values: np.ndarray) -> np.ndarray:
        """The entry for each value, from 0 for the darkest to 1 for the brightest."""
        low, high = int(self.entries.min()), int(self.entries.max())
        return (self(values) - float(low)) / max(high - low, 1)


def read_lookup_table(elements: Elements, name: str, low: float, high: float) -> LookupTable:
    """The table in two elements, `name`Descriptor and `name`Data, for values between `low` and `high`.

    Files call the first value unsigned where it is signed, and the other way round: it is taken as the one of both that
    the values are nearer to. 8-bit entries stand in bytes or in words.

    Raises:
        ImageError: there are fewer entries than the descriptor says.
    """
    data, described = f"{name}Data", elements.words(f"{name}Descriptor")
    if len(described) < 3:
        raise ImageError(TOO_SHORT)
    length, first, bits = (int(word) for word in described[:3])
    length = length or 2**16
    entries = elements.words(data)
    if len(entries) < length:  # a byte each
        packed = elements.raw(data)
        if elements.representation(data) != "OB" and elements.order(data) == ">":
            packed = entries.astype("<u2").tobytes()
        entries = np.frombuffer(packed, np.uint8).astype(np.uint16)
    if len(entries) < length:
        raise ImageError(TOO_SHORT)
    if first >= 2**15 and _shared(first - 2**16, length, low, high) > _shared(first, length, low, high):
        first -= 2**16
    return LookupTable(first, entries[:length], bits)


def _shared(first: int, length: int, low: float, high: float) -> float:
    """How far the values that a table is for and those from `low` to `high` have something in common."""
    return min(first + length - 1, high) - max(first, low)


def read_palette(elements: Elements, low: int, high: int) -> tuple[np.ndarray, int]:
    """The colours of the values from `low` to `high`, (values, 3), and their white.

    Raises:
        ImageError: the palette is segmented, or cut off.
    """
    if any(f"Segmented{colour}PaletteColorLookupTableData" in elements for colour in COLOURS):
        raise ImageError(
            "The DICOM file has a palette in segments, which is not read: export it as MONOCHROME2 or RGB."
        )
    tables = [read_lookup_table(elements, f"{colour}PaletteColorLookupTable", low, high) for colour in COLOURS]
    colours = np.stack([table(np.arange(low, high + 1)) for table in tables], axis=-1)
    brightest, white = max(int(table.entries.max()) for table in tables), 2 ** tables[0].bits - 1
    if tables[0].bits == 16 and brightest < 2**8:  # 8 bits in words, as some write them
        white = 2**8 - 1
    return colours, white if brightest <= white else 2**16 - 1


TOO_SHORT = "A lookup table in the DICOM file is shorter than it says: export it again."
