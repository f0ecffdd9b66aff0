"""Nothing is answered to whoever is not logged in, but how to log in, and whether the server lives."""

import asyncio
import contextlib
from collections.abc import Iterator

import anyio
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access.base import AuthBackend, LoginRefusedError
from dashboard.access.identity import LOCAL, Identity
from dashboard.access.login import login_page
from dashboard.access.peer import address_of
from dashboard.access.settings import Access
from dashboard.web.paths import path_of
from dashboard.web.problems import problem

OPEN = frozenset({"/healthz", "/readyz"})
LOGIN_CHECK_SECONDS = 3.0  # seconds between two looks at whether whoever listens to a stream of events is still let in


class AuthMiddleware:
    """Middleware: puts who asks into the request's state, as `identity`; answers 401 where that is nobody.

    It takes no thread. A stream of events ends when its reader's session does.

    Args:
        access: None where everybody who reaches the server may do everything.
    """

    def __init__(self, app: ASGIApp, access: Access | None):
        self.app = app
        self.access = access
        self.open = OPEN | (access.way.paths if access else frozenset())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path = path_of(scope)
        address = address_of(connection)
        state = scope.setdefault("state", {})
        if path in self.open or not self.access:
            state["identity"] = None if self.access else LOCAL._replace(address=address)
            await self.app(scope, receive, send)
            return
        identity, refused = None, None
        try:
            identity = await self._who(self.access, connection)
        except LoginRefusedError as error:
            refused = error
        if identity is None:
            await self._refuse(self.access.way, connection, path, refused)(scope, receive, send)
            return
        state["identity"] = identity._replace(address=address)
        with self._while_let_in(self.access, connection, identity, send) as (scoped, watched_send):
            await self.app(scope, receive, watched_send)
        if scoped.cancelled_caught:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _who(self, access: Access, connection: HTTPConnection) -> Identity | None:
        """
        Raises:
            LoginRefusedError: they may not be asked now, have no role here, or their session is over.
        """
        session, rules = connection.session, access.sessions
        ended = "number" in session and not rules.holds(session)
        if ended:
            session.clear()
        identity = await access.way.identify(connection)
        if identity is None and ended:
            raise LoginRefusedError("ended")
        if identity and "number" in session:
            rules.touch(connection)
        return identity

    @contextlib.contextmanager
    def _while_let_in(
        self, access: Access, connection: HTTPConnection, identity: Identity, send: Send
    ) -> Iterator[tuple[anyio.CancelScope, Send]]:
        """A scope around an answer, which ends it where it is a stream of events and its reader is let in no more."""
        watch: asyncio.Task | None = None
        session, way = dict(connection.session), access.way
        mark = way.mark(identity)

        def is_let_in() -> bool:
            try:
                held = "number" not in session or access.sessions.holds(session)
                return held and way.mark(identity) == mark
            except LoginRefusedError:
                return False

        async def look() -> None:
            while is_let_in():
                await asyncio.sleep(LOGIN_CHECK_SECONDS)
            scoped.cancel()

        async def send_watched(message: Message) -> None:
            nonlocal watch
            if message["type"] == "http.response.start" and _is_of_events(message):
                watch = asyncio.create_task(look())
            await send(message)

        with anyio.CancelScope() as scoped:
            try:
                yield scoped, send_watched
            finally:
                if watch:
                    watch.cancel()

    def _refuse(
        self, way: AuthBackend, connection: HTTPConnection, path: str, refused: LoginRefusedError | None
    ) -> Response:
        status = 503 if refused and refused.status == 503 else 401
        if path == "/" and "text/html" in connection.headers.get("accept", ""):
            return login_page(connection, way, refused.reason if refused else "", status)
        answer = problem(status, str(refused or "Log in first."), headers=refused.headers if refused else None)
        if status == 401 and way.asks and path.startswith(("/api/", "/metrics")):
            answer.headers["WWW-Authenticate"] = 'Basic realm="BetaLens", charset="UTF-8"'  # no browser asks for these
        return answer


def _is_of_events(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")
