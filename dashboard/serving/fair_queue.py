"""A fair queue for CPU-bound jobs: readers take turns, and each learns how many are ahead.

A reader who asks a hundred times is one reader: one request of each has its turn before the second of anybody. A job
that is not wanted any more is skipped.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager

from explain import Cancelled
from model.errors import BusyError

QUEUE_CHECK_SECONDS = 0.5  # seconds between two looks at a place
MOST = 256  # that may work and wait
MOST_EACH = 32  # of one reader; a hospital may have one login for many people


class QueuePlace:
    """In a queue. Asked for so many seconds, it says how many are ahead; whoever was told 0 works."""

    def __init__(self, queue: "FairQueue", should_continue: Callable[[], bool], reader: Hashable):
        self.should_continue, self.reader = should_continue, reader
        self.turn: Future[None] = Future()  # is done when the turn has come
        self._queue = queue

    def __call__(self, seconds: float) -> int:
        """How many stand ahead, waiting so many seconds for it to be none."""
        if (ahead := self._queue.ahead(self)) and seconds:
            wait([self.turn], seconds)
            ahead = self._queue.ahead(self)
        return ahead

    async def moved(self, seconds: float) -> None:
        """Waits for the turn, so many seconds at the most, and holds no thread meanwhile."""
        await asyncio.wait([asyncio.wrap_future(self.turn)], timeout=seconds)


class FairQueue:
    """Lets so many jobs run at once. One that is not wanted any more is passed over, wherever it stands.

    Args:
        slots: how many. PyTorch spreads one explanation over all cores, so that more of them at once finish no sooner
            and leave less to those who only move β.
        most, most_each: how many may work and wait at once, and of one reader.
    """

    def __init__(self, slots: int = 1, most: int = MOST, most_each: int = MOST_EACH):
        self._slots, self._most, self._most_each = slots, most, most_each
        self._working: list[QueuePlace] = []
        self._waiting: list[QueuePlace] = []  # as they came
        # The turns that each reader with a place has had, and those that whoever works had had before: a new reader
        # begins there, neither ahead of all nor behind (start-time fair queueing, Goyal et al., SIGCOMM 1996).
        self._turns: dict[Hashable, int] = {}
        self._now = 0
        self._lock = threading.RLock()

    @contextmanager
    def place(self, should_continue: Callable[[], bool] = lambda: True, reader: Hashable = "") -> Iterator[QueuePlace]:
        """A place. Within, ask how many still stand ahead; who was told 0 works until the block ends.

        Raises:
            BusyError: too many wait already, or too many of this reader.
        """
        place = QueuePlace(self, should_continue, reader)
        with self._lock:
            self._admit(place)
            self._advance()
        try:
            yield place
        finally:
            with self._lock:
                self._leave(place)
                self._advance()

    @contextmanager
    def turn(self, should_continue: Callable[[], bool] = lambda: True, reader: Hashable = "") -> Iterator[None]:
        """Waits in the queue, and works within.

        Raises:
            BusyError: as for `place`.
            Cancelled: it is not wanted any more.
        """
        with self.place(should_continue, reader) as ahead:
            while ahead(QUEUE_CHECK_SECONDS):
                if not should_continue():
                    raise Cancelled
            yield

    def __len__(self) -> int:
        """How many work or wait."""
        return len(self._working) + len(self._waiting)

    def ahead(self, place: QueuePlace) -> int:
        """How many have their turn before this place has."""
        with self._lock:
            self._advance()
            if place in self._working:
                return 0
            order, busy = self._order(), sum(other.should_continue() for other in self._working)
            before = order.index(place) if place in order else len(order)
            return max(1, busy + before - self._slots + 1)

    def _admit(self, place: QueuePlace) -> None:
        present = [p for p in (*self._working, *self._waiting) if p.should_continue()]
        if len(present) >= self._most:
            raise BusyError("Too many others are waiting: try again in a minute.")
        if sum(p.reader == place.reader for p in present) >= self._most_each:
            raise BusyError("Too many of your own requests are waiting: try again when some are answered.")
        self._turns.setdefault(place.reader, self._now)
        self._waiting.append(place)

    def _leave(self, place: QueuePlace) -> None:
        (self._working if place in self._working else self._waiting).remove(place)
        if all(p.reader != place.reader for p in (*self._working, *self._waiting)):
            del self._turns[place.reader]

    def _advance(self) -> None:
        """Give out the turns that are free."""
        while sum(place.should_continue() for place in self._working) < self._slots and (order := self._order()):
            place = order[0]
            self._waiting.remove(place)
            self._working.append(place)
            self._now = self._turns[place.reader]
            self._turns[place.reader] += 1
            place.turn.set_result(None)

    def _order(self) -> list[QueuePlace]:
        """Who is wanted and waits: of two, whoever's reader will have had fewer turns by then; else who came first."""
        had, due = dict(self._turns), []
        for place in self._waiting:
            if place.should_continue():
                due.append((had[place.reader], place))
                had[place.reader] += 1
        return [place for _, place in sorted(due, key=lambda pair: pair[0])]
