"""Connections that cost nothing to open and must cost as little to keep: uvicorn's, with limits.

uvicorn waits for ever for the rest of a header or of a body. Here a header has so long, and a body may come as slowly
as a poor line carries it, and no slower; both clocks stand still while the server itself does not read.
"""

import asyncio
import logging
import resource
import threading
import time
import traceback
from collections.abc import Callable

import h11
from cachetools import TTLCache
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER = 20.0  # seconds from a connection, or from the first byte of its next request, to the end of the header
WINDOW = 30.0  # seconds in which a body must go on
SLOWEST = 4096  # bytes a second, on the average over such a window: 32 kbit/s
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 36\r\n\r\nToo many connections: try it again.\r\n"
)
MOST = 1000  # connections
DESCRIPTORS, OTHER = 4096, 400  # for all, and for what is no connection: films, pipes, libraries, files of a verdict
LOG_PAUSE = 60.0  # seconds in which a line of the log is not written again


class Connection(H11Protocol):
    """One connection. Where there are `most` already, it is told so and closed.

    Attributes:
        most: how many a server keeps.
    """

    most = MOST

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._clock: asyncio.TimerHandle | None = None
        self._came = 0  # bytes of a body within the window
        if len(self.connections) > self.most:
            transport.write(REFUSAL)
            transport.close()
            self.logger.warning("More than %d connections at once: others are refused.", self.most)
            return
        self._wait(HEADER, self._too_late)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():  # was refused
            return
        state, self._came = self.conn.their_state, self._came + len(data)
        super().data_received(data)
        self._look(state)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look(h11.DONE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._wait()
        super().handle_websocket_upgrade(event)

    def _look(self, before: type) -> None:
        """Set the clock for what is waited for now; `before`, it was something else."""
        now = self.conn.their_state
        if now is h11.IDLE:
            if self.conn.trailing_data[0] and (before is not h11.IDLE or not self._clock):
                self._wait(HEADER, self._too_late)
            elif not self.conn.trailing_data[0]:
                self._wait()  # the time to keep it alive is uvicorn's
        elif now is h11.SEND_BODY:
            if before is not h11.SEND_BODY or not self._clock:
                self._came = 0
                self._wait(WINDOW, self._too_slow)
        else:
            self._wait()

    def _wait(self, seconds: float = 0.0, late: Callable[[], None] | None = None) -> None:
        if self._clock:
            self._clock.cancel()
        self._clock = self.loop.call_later(seconds, late) if late else None

    def _too_late(self) -> None:
        self._clock = None
        if not self.transport.is_closing():
            self.transport.close()

    def _too_slow(self) -> None:
        self._clock = None
        if self.flow.read_paused or self._came >= SLOWEST * WINDOW:
            self._came = 0
            self._wait(WINDOW, self._too_slow)
        else:
            self.transport.abort()  # what is left of the answer, if any, would not be read either


class LogRateLimit(logging.Filter):
    """Lets each line of a log through once in a while: what a stranger may cause a thousand times a second is said
    once. Errors are told apart by where they were raised."""

    def __init__(self):
        super().__init__()
        self._said: TTLCache[tuple, None] = TTLCache(256, LOG_PAUSE, time.monotonic)
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage().partition("\n")[0]
        error, raised = (record.exc_info or (None, None, None))[1:]
        places = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(raised)]
        said = line, type(error), places[-1] if places else None
        with self._lock:
            if said in self._said:
                return False
            self._said[said] = None
        return True


def allow_descriptors() -> int:
    """Take as many descriptors as may be taken and are of use.

    Returns:
        How many connections fit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = max(soft, DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(16, min(MOST, allowed - OTHER))
