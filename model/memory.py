"""How memory is kept between passes of a network on a CPU."""

import ctypes
import sys

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_NEVER = 2**31 - 1


def keep_heap() -> None:
    """Have freed memory kept for the next pass instead of handed back to the system.

    glibc maps every large tensor anew and unmaps it when it is freed, so each layer of each pass faults all its pages
    in again: most of the time of a small CNN. Does nothing where the C library is another one.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _NEVER)
        library.mallopt(_ARENA_MAX, 1)  # the arenas of other threads are too small for a feature map
