"""Nothing is answered to whoever is not logged in, but how to log in, and whether the server lives."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access.identity import LOCAL
from dashboard.access.login import login_page
from dashboard.access.settings import Access
from dashboard.api.problems import problem
from model.errors import AccessError

OPEN = frozenset({"/healthz", "/readyz"})


class Gate:
    """Middleware: puts who asks into the request's state, as `identity`; answers 401 where that is nobody.

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
        identity, refusal = LOCAL, ""
        if self.access:
            try:
                identity = await run_in_threadpool(self.access.way.identify, HTTPConnection(scope))
            except AccessError as error:
                identity, refusal = None, str(error)
        scope.setdefault("state", {})["identity"] = identity
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if identity is not None or path in self.open:
            await self.app(scope, receive, send)
        else:
            await self._refuse(HTTPConnection(scope), path, refusal)(scope, receive, send)

    def _refuse(self, connection: HTTPConnection, path: str, refusal: str) -> Response:
        if path == "/" and "text/html" in connection.headers.get("accept", ""):
            return login_page(connection, self.access.way, refusal)
        answer = problem(401, refusal or "Log in first.")
        if self.access.way.asks and path.startswith(("/api/", "/metrics")):  # a browser would ask for it in a window
            answer.headers["WWW-Authenticate"] = 'Basic realm="BetaLens", charset="UTF-8"'
        return answer
