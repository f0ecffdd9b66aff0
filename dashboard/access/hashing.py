"""Passwords are hashed in threads of their own: whoever sends a thousand of them holds up nobody but who logs in."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from dashboard.access.base import LoginRefusedError

MOST_AT_WORK = 2  # each takes 64 MiB
WAITING, WAITING_OF_ONE = 16, 8  # with those at work: of all, and of one address
RETRY = 2  # seconds


class Hashing:
    """A few threads, and a short line before them."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(MOST_AT_WORK, thread_name_prefix="password")
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, place: str) -> None:
        """Take a place in the line, which `do` gives back.

        Raises:
            LoginRefusedError: the line is full, or that address has its share of it.
        """
        with self._lock:
            if self._waiting.total() >= WAITING or self._waiting[place] >= WAITING_OF_ONE:
                raise LoginRefusedError("busy", RETRY)
            self._waiting[place] += 1

    def leave(self, place: str) -> None:
        """Give a place back."""
        with self._lock:
            self._waiting[place] -= 1
            self._waiting += Counter()  # drops what is at 0

    def do(self, place: str, work: Callable[[], bool]) -> "Future[bool]":
        """Let `work` be done, for whom has entered."""
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self.leave(place))
        return future
