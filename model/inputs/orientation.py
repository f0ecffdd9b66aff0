"""How a picture is to be turned: EXIF's tag 0x0112, the one thing that is read of its metadata."""

import struct

import numpy as np

TAG = 0x0112
UPRIGHT = 1

# From what is stored to what is seen, by the value of the tag (EXIF 2.32, 4.6.4).
TURNS = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


def orientation(exif: bytes) -> int:
    """The tag in an EXIF block, with or without "Exif" before it; UPRIGHT where it has none that can be read."""
    exif = exif.removeprefix(b"Exif\0\0")
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", exif, entry)
            if (tag, kind, count) == (TAG, 3, 1):
                return value
    except (KeyError, struct.error):
        pass
    return UPRIGHT


def upright(pixels: np.ndarray, turn: int) -> np.ndarray:
    """The pixels as they are to be seen; unknown values of the tag turn nothing."""
    return TURNS.get(turn, np.asarray)(pixels)
