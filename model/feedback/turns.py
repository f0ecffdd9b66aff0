"""Whose turn it is to write: one thread of one process at a time, and nobody waits for ever."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator

LIMIT = 5.0  # seconds: somebody waits for the answer


class HeldError(OSError):
    """Another program holds the lock."""

    def __init__(self):
        super().__init__(None, "another program holds its lock")


class Turns:
    """The turns at one file. Two objects for one file exclude each other as well, whichever process they are in."""

    def __init__(self):
        self._ours = threading.Lock()
        self._waiting: threading.Thread | None = None  # for the lock of somebody who did not give it up in time

    @contextlib.contextmanager
    def taken(self) -> Iterator[float]:
        """Among the threads of this process; gives the time at which `lock` gives up.

        Raises:
            HeldError: not in time.
        """
        end = time.monotonic() + LIMIT
        if not self._ours.acquire(timeout=LIMIT):
            raise HeldError
        try:
            yield end
        finally:
            self._ours.release()

    def lock(self, file: int, end: float) -> None:
        """Lock an open file against everybody, until it is closed.

        Raises:
            HeldError: not in time.
        """
        if self._waiting:
            self._join(self._waiting, end)  # it is before us in the line: no second thread waits in vain
            self._waiting = None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # The kernel knows no time limit. The lock is that of the opened file: where this thread gets it in time,
            # it is ours; later, it ends with the thread's own handle.
            waiting = threading.Thread(target=_wait, args=(os.dup(file),), daemon=True, name="flock")
            waiting.start()
            self._join(waiting, end)

    def _join(self, waiting: threading.Thread, end: float) -> None:
        waiting.join(max(0.0, end - time.monotonic()))
        if waiting.is_alive():
            self._waiting = waiting
            raise HeldError


def _wait(file: int) -> None:
    try:
        with contextlib.suppress(OSError):  # who waits tries it again, and is told
            fcntl.flock(file, fcntl.LOCK_EX)
    finally:
        os.close(file)
