"""What open pages keep in memory, given back where it is not looked at: a page that nobody closes keeps its films."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import ref

from dashboard.serving.session import Session

IDLE = 3600.0  # seconds without a request after which a page's case is let go
EACH, ALL = 768 * 2**20, 1536 * 2**20  # bytes of the open cases of one reader, and of all
SWEEP = 60.0  # seconds between two looks at which are idle
ENCODED = 2**20  # bytes of a case beside its film: see `model.inference.engine`


class Pages:
    """The pages with an open case, the one that was used longest ago first.

    Args:
        clock: tells seconds.
        idle, each, most: as IDLE, EACH and ALL.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, idle: float = IDLE, each: int = EACH, most: int = ALL
    ):
        self._clock, self._idle, self._each, self._most = clock, idle, each, most
        self._used: OrderedDict[int, tuple[float, ref[Session]]] = OrderedDict()
        self._lock = threading.Lock()

    def use(self, session: Session) -> None:
        """A page asks for something, or has opened something. Of others, what there is no room for is let go."""
        with self._lock:
            self._used[id(session)] = self._clock(), ref(session)
            self._used.move_to_end(id(session))
            self._let_go(session)

    def sweep(self) -> None:
        """Let go what nobody looks at."""
        with self._lock:
            self._let_go(None)

    def _let_go(self, used: Session | None) -> None:
        open_now, before = [], self._clock() - self._idle
        for number, (when, page) in [*self._used.items()]:
            session = page()
            if session is None or (not session.cases and session is not used):
                del self._used[number]
            elif session is not used and when < before:
                session.release()
            else:
                open_now.append(session)
        sizes = {id(session): size(session) for session in open_now}
        total, of_reader = sum(sizes.values()), dict[Hashable, int]()
        for session in open_now:
            of_reader[session.reader] = of_reader.get(session.reader, 0) + sizes[id(session)]
        for session in open_now:  # the oldest first; the one in use is the last
            if session is not used and (total > self._most or of_reader[session.reader] > self._each):
                total -= sizes[id(session)]
                of_reader[session.reader] -= sizes[id(session)]
                session.release()


def size(session: Session) -> int:
    """Bytes that a page's open case takes, with its changes and the one that it is compared with."""
    films = {id(case.film): case.film for case in session.held if case.film}.values()
    taken = sum(film.pixels.nbytes + (film.header.size if film.header else 0) for film in films)
    return taken + ENCODED * len(session.held)


pages = Pages()
