"""Sessions in a signed cookie: HttpOnly, SameSite=Lax, and Secure wherever the request came by TLS.

One ends a fixed time after the login, or when its reader has done nothing for a while, or at once when they log out: on
the server, so that a copy of the cookie is worth nothing any more. Inactivity is the reader's, not the page's: what a
page asks for by itself, while nobody touches it, says so and does not count (assets/js/page/session.js).

The two times are those of NIST SP 800-63B-4, section 2.2.3, for AAL2: at most 24 hours, and 1 hour of inactivity.
"""

import logging
import secrets
import time
from typing import Any

from cachetools import TTLCache
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access import audit
from dashboard.access.cookies import SESSION, cookie_name, is_secure
from dashboard.access.ended import EndedSessions
from dashboard.access.identity import Identity
from dashboard.web.problems import problem

log = logging.getLogger(__name__)

UNATTENDED = "x-betalens-unattended"  # the header of what a page asks for while nobody touches it
NOTED = 60  # seconds: how exactly the cookie holds the time of the last request
REMEMBERED = 100_000  # sessions whose last request this process knows exactly


class Rules:
    """When a session is over.

    Args:
        longest: seconds after the login.
        idle: seconds after the reader's last request.
        ended: those that were ended before.
    """

    def __init__(self, longest: float, idle: float, ended: EndedSessions):
        self.longest, self.idle, self.ended = longest, idle, ended
        self._seen: TTLCache[str, float] = TTLCache(REMEMBERED, idle)  # by number, for streams that are open meanwhile

    def begin(self, session: dict[str, Any], identity: Identity, **more: str) -> None:
        """Make a session somebody's, under a new number.

        Args:
            more: what the way to log in wants to know of them again.
        """
        session.clear()
        now = time.time()
        session.update(number=secrets.token_hex(16), user=identity.id, began=now, seen=now, **more)

    def holds(self, session: dict[str, Any]) -> bool:
        """Whether it is somebody's, and not over."""
        if "number" not in session:
            return False
        now, began = time.time(), session["began"]
        seen = max(session["seen"], self._seen.get(session["number"], 0.0))
        if now - began > self.longest or now - seen > self.idle:
            return False
        return not self.ended.has(session["user"], session["number"], began)

    def touch(self, connection: HTTPConnection) -> None:
        """Its reader has asked for something, if they and not the page alone have."""
        if UNATTENDED in connection.headers:
            return
        session, now = connection.session, time.time()
        self._seen[session["number"]] = now
        if now - session["seen"] > min(NOTED, self.idle / 10):
            session["seen"] = now

    async def is_on(self, request: Request) -> Response:
        """Answers whoever is let in, so that a page learns that its session is over."""
        return Response(status_code=204)

    async def log_out(self, request: Request) -> Response:
        """Ends the session."""
        audit.note("logout", request.state.identity)
        session, everywhere = dict(request.session), True
        request.session.clear()
        if "number" in session:
            try:
                self.ended.add(session["user"], session["number"])
            except OSError as error:
                log.error("A session was ended on this server alone: %s: %s", self.ended.folder, error.strerror)
                everywhere = False
        if everywhere:
            return JSONResponse({"success": True})
        return problem(503, "You are logged out here, and other servers could not be told: tell an administrator.")


class Sessions:
    """Middleware: Starlette's, once for requests by TLS and once for others.

    Args:
        secret: signs the cookies.
        seconds: no session is longer.
    """

    def __init__(self, app: ASGIApp, secret: str, seconds: float):
        self._by_tls = {
            secure: SessionMiddleware(
                app,
                secret,
                session_cookie=cookie_name(SESSION, secure),
                max_age=round(seconds),
                same_site="lax",
                https_only=secure,
            )
            for secure in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._by_tls[is_secure(scope)](scope, receive, send)
