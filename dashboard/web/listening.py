"""Who still listens to what a function of the page will answer: its events come by a stream that the client opens."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs

from cachetools import TTLCache
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.web.gradio import current_event

GRACE = 20.0  # seconds between a question and its stream, or two streams of a client
REMEMBERED = 10_000
STREAM = re.compile(r"/gradio_api/(?:queue/data|heartbeat/(?P<page>[^/]+)|call/(?:v2/)?[^/]+/(?P<event>[^/]+))/?$")


class Listeners:
    """The open streams, by the number of the page or of the event that they are of.

    Args:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._open: Counter[str] = Counter()
        self._heard: TTLCache[str, None] = TTLCache(REMEMBERED, GRACE, clock)  # of late
        self._lock = threading.Lock()
        self._over = False

    def stop(self) -> None:
        """Nobody listens any more: the server ends."""
        self._over = True

    def hear(self, *numbers: str | None) -> None:
        """Something was asked, or a stream was open until now."""
        with self._lock:
            self._heard.update(dict.fromkeys(filter(None, numbers)))

    def listens(self, *numbers: str | None) -> bool:
        """Whether somebody listens to one of them; always where there is no number."""
        known = [*filter(None, numbers)]
        with self._lock:
            return not self._over and (not known or any(n in self._open or n in self._heard for n in known))

    def opened(self, number: str) -> None:
        with self._lock:
            self._open[number] += 1

    def closed(self, number: str) -> None:
        with self._lock:
            self._open[number] -= 1
            if not self._open[number]:
                del self._open[number]
        self.hear(number)


listeners = Listeners()


def asked_by() -> tuple[str | None, str | None]:
    """The numbers of the page and of the event whose function runs; None outside of any."""
    request, event = current_event()
    return getattr(request, "session_hash", None), event


class Listening:
    """Middleware: notes which streams are open."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = _number(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if not number:
            await self.app(scope, receive, send)
            return
        listeners.opened(number)
        try:
            await self.app(scope, receive, send)
        finally:
            listeners.closed(number)


def _number(scope: Scope) -> str | None:
    found = STREAM.search(scope["path"])
    if not found:
        return None
    pages = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [None])
    return found["page"] or found["event"] or pages[0]
