"""How memory is kept between passes of a network on a CPU."""

import ctypes
import sys
from functools import cache

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_NEVER = 2**31 - 1


def tune_malloc() -> None:
    """Have freed memory kept for the next pass instead of handed back to the system.

    glibc maps every large tensor anew and unmaps it when it is freed, so each layer of each pass faults all its pages
    in again: most of the time of a small CNN. Does nothing where the C library is another one.
    """
    if library := _glibc():
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _NEVER)
        library.mallopt(_ARENA_MAX, 1)  # the arenas of other threads are too small for a feature map


def trim_heap() -> None:
    """Hand back to the system what is free by now.

    Reports differ in length, so their tensors leave holes of every size, and a heap that is only kept grows with the
    holes. To be called once in some dozens of cases: the next pass has to fault its pages in again.
    """
    if library := _glibc():
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
