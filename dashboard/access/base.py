"""What every way to log in can do, and how it says no."""

from abc import ABC, abstractmethod

from starlette.requests import HTTPConnection
from starlette.routing import Route

from dashboard.access.identity import Identity
from dashboard.ui.i18n import FALLBACK, phrases
from model.errors import AccessError

# Why somebody is not let in: keys of assets/i18n after "login.", and the status of a program's answer.
REASONS = {
    "wrong": 401,
    "locked": 429,
    "busy": 503,
    "unavailable": 503,
    "form": 403,
    "provider": 401,
    "groups": 401,
    "role": 401,
    "ended": 401,
}


class LoginRefusedError(AccessError):
    """Somebody is not let in now.

    Args:
        reason: one of REASONS.
        retry: seconds after which they may try again; 0 where no time helps.
    """

    def __init__(self, reason: str, retry: int = 0):
        super().__init__(phrases()[FALLBACK][f"login.{reason}"])
        self.reason, self.retry = reason, retry
        self.status = REASONS[reason]

    @property
    def headers(self) -> dict[str, str]:
        """What the answer carries besides."""
        return {"Retry-After": str(self.retry)} if self.retry else {}


class AuthBackend(ABC):
    """A way to log in.

    Attributes:
        paths: what is open to whoever is not logged in, so that they can.
        asks: whether it shows the form for name and password; otherwise `start` is where the browser goes to log in.
        start: "" where logging in happens elsewhere, before this server is reached.
    """

    paths: frozenset[str] = frozenset()
    asks = False
    start = ""

    @abstractmethod
    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Who sent a request; None where that is not known. Never holds the event loop.

        Raises:
            LoginRefusedError: they may not be asked at the moment, or are known and have no role here.
        """

    def mark(self, identity: Identity) -> str:
        """What stays the same for as long as somebody who was let in still is, for streams that are open meanwhile. ""
        where the session or each request says it.

        Raises:
            LoginRefusedError: it cannot be told.
        """
        return ""

    def trouble(self) -> str:
        """Why nobody can log in at the moment, in a sentence that names no path; "" where they can."""
        return ""

    def routes(self) -> list[Route]:
        """What answers below `paths`."""
        return []
