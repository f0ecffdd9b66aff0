"""A line for what keeps the processor busy: first come, first served, and who waits may know their place."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from explain import Superseded

TICK = 0.5  # seconds between two looks at a place


class Line:
    """Lets so many work at once. Whoever is not wanted any more is passed over, wherever they stand.

    Args:
        slots: how many. PyTorch spreads one explanation over all cores, so that more of them at once finish no sooner
            and leave less to those who only move β.
    """

    def __init__(self, slots: int = 1):
        self._slots = slots
        self._places: list[Callable[[], bool]] = []  # whether each is still wanted; the first ones work
        self._moved = threading.Condition()

    @contextmanager
    def place(self, wanted: Callable[[], bool] = lambda: True) -> Iterator[Callable[[float], int]]:
        """A place at the end. Within, ask how many still stand ahead, waiting so many seconds for it to be none; who
        was told 0 works until the block ends."""

        def mine() -> bool:  # a function of its own, so that two places are never equal
            return wanted()

        with self._moved:
            self._places.append(mine)
        try:
            yield lambda seconds: self._wait(mine, seconds)
        finally:
            with self._moved:
                self._places.remove(mine)
                self._moved.notify_all()

    @contextmanager
    def turn(self, wanted: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Waits in line, and works within.

        Raises:
            Superseded: it is not wanted any more.
        """
        with self.place(wanted) as ahead:
            while ahead(TICK):
                if not wanted():
                    raise Superseded
            yield

    def __len__(self) -> int:
        """How many work or wait."""
        return len(self._places)

    def _wait(self, mine: Callable[[], bool], seconds: float) -> int:
        with self._moved:
            self._moved.wait_for(lambda: self._ahead(mine) == 0, seconds)
            return self._ahead(mine)

    def _ahead(self, mine: Callable[[], bool]) -> int:
        before = self._places[: self._places.index(mine)]
        return max(0, sum(wanted() for wanted in before) - self._slots + 1)
