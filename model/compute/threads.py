"""How many threads a process computes with.

libgomp gives every thread that computes helpers of its own, one a core, and keeps them for as long as that thread
lives: in a server, threads that answer requests times cores, and a task limit ends a process that asks for more. So a
server lets a few threads, which it knows by number, compute on all cores, and every other one alone.
"""

import ctypes
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

# Beyond it a pass over one film gets hardly faster, and each thread counts towards the task limit.
MOST = 8
QUOTA = Path("/sys/fs/cgroup/cpu.max")
OPENMP = "OMP_NUM_THREADS"  # libgomp and MKL read it when they are loaded
OTHERS = ("OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")  # theirs are one pool for all

T = TypeVar("T")
_narrow = False
_lock = threading.Lock()


@cache
def cores() -> int:
    """How many cores are worth a thread: those that this process may run on, or OMP_NUM_THREADS, as far as the
    container's quota goes, and MOST at the most."""
    given = os.environ.get(OPENMP, "")
    seen = int(given) if given.isdigit() else len(os.sched_getaffinity(0))
    try:
        quota, period = QUOTA.read_text().split()
        seen = min(seen, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no such file, or no such limit
        pass
    return max(1, min(seen, MOST))


def narrow() -> None:
    """Let every thread of this process compute alone, but for those that call `widen`. To be called before PyTorch and
    NumPy are imported."""
    global _narrow
    for name in OTHERS:
        os.environ.setdefault(name, str(cores()))
    cores()  # by what the variable says until now
    os.environ[OPENMP], _narrow = "1", True


def widen() -> None:
    """Let this thread compute on all cores, for as long as it lives."""
    import torch

    if _narrow:
        torch.get_num_threads()  # which a thread's first pass would ask for, and so undo what follows
        # What torch.set_num_threads calls, too, but it also sets how all threads compute that begin to meanwhile.
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        library.omp_set_num_threads(cores())
        if torch.backends.mkl.is_available():
            library.MKL_Set_Num_Threads_Local(cores())


def wide_environment() -> dict[str, str]:
    """For a process of its own that computes on all cores."""
    return os.environ | {OPENMP: str(cores())}


class Wide:
    """A few threads that compute on all cores, for any number that wait for them.

    Args:
        threads: how many. PyTorch spreads each pass over all cores: more at once only hinder one another.
    """

    def __init__(self, threads: int, name: str):
        self._make = lambda: ThreadPoolExecutor(threads, name, widen)
        self._pool: ThreadPoolExecutor | None = None
        self._owner = 0

    def do(self, work: Callable[..., T], *asked) -> T:
        """What `work(*asked)` returns or raises."""
        with _lock:
            if self._pool is None or self._owner != os.getpid():  # threads stay behind in a fork
                self._pool, self._owner = self._make(), os.getpid()
        return self._pool.submit(work, *asked).result()
