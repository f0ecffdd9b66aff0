"""Where programs wait for their turn, without a thread: readers one after the other, and not whoever asks most."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from dashboard.access.identity import Identity
from dashboard.access.peer import address_of
from dashboard.serving.fair_queue import QUEUE_CHECK_SECONDS, FairQueue
from dashboard.web.thread_pools import Pool
from explain import Cancelled

MOST, MOST_EACH = 128, 64  # requests at work and waiting: of all, and of one reader

T = TypeVar("T")


class QueuedPool:
    """Works on as many requests as its pool has threads."""

    def __init__(self, pool: Pool):
        self.pool = pool
        self.queue = FairQueue(pool.threads, MOST, MOST_EACH)

    async def do(self, reader: Hashable, should_continue: Callable[[], bool], work: Callable[..., T], *args: Any) -> T:
        """What `work(*args)` returns or raises, in its turn.

        Raises:
            BusyError: too many wait.
            Cancelled: it is not wanted any more.
        """
        with self.queue.place(should_continue, reader) as place:
            while place(0):
                if not should_continue():
                    raise Cancelled
                await place.moved(QUEUE_CHECK_SECONDS)
            return await self.pool.run(work, *args)


def reader(connection: HTTPConnection, by: Identity) -> Hashable:
    """Whose turn it is: the login's, or the address's where nobody has to log in."""
    return by.name or address_of(connection)
