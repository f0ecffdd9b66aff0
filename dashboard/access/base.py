"""What every way to log in can do."""

from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.routing import Route

from dashboard.access.identity import Identity


class Way(Protocol):
    """A way to log in.

    Attributes:
        paths: what is open to whoever is not logged in, so that they can.
        asks: whether it shows the form for name and password; otherwise `start` is where the browser goes to log in.
        start: "" where logging in happens elsewhere, before this server is reached.
    """

    paths: frozenset[str]
    asks: bool
    start: str

    def identify(self, connection: HTTPConnection) -> Identity | None:
        """Who sent a request; None where that is not known. May take some 0.1 s: not to be called in the event loop.

        Raises:
            AccessError: they may not be asked at the moment, or are known and have no role here.
        """

    def routes(self) -> list[Route]:
        """What answers below `paths`."""
