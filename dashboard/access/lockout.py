"""Who guesses passwords is kept waiting."""

import threading

from cachetools import TTLCache

MOST_FAILURES = 5
LOCKED = 300  # seconds
REMEMBERED = 10_000  # names; who tries more at once than that pushes out the oldest


class Lockout:
    """Counts failures by name, whether or not there is a user of that name: an answer must not tell."""

    def __init__(self):
        self._failures: TTLCache[str, int] = TTLCache(REMEMBERED, LOCKED)
        self._lock = threading.Lock()

    def is_locked(self, name: str) -> bool:
        """Whether a name failed too often within the last minutes."""
        with self._lock:
            return self._failures.get(name, 0) >= MOST_FAILURES

    def failed(self, name: str) -> None:
        """Count a failure; the time begins anew with each."""
        with self._lock:
            self._failures[name] = self._failures.get(name, 0) + 1

    def succeeded(self, name: str) -> None:
        """Forget what failed before."""
        with self._lock:
            self._failures.pop(name, None)
