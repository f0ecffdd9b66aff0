"""Around every request: how large it may be, and how long it took."""

import time

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.problems import problem
from dashboard.metrics import REQUESTS
from model.inputs import MAX_BYTES

MAX_BODY = 2 * MAX_BYTES  # the largest film in base64, and what is sent with it


class TooLarge(HTTPException):
    """More came than may. FastAPI lets an HTTPException pass, from wherever it reads a body."""

    def __init__(self):
        super().__init__(413, f"The request is too large: at most {MAX_BODY:,} bytes are read.")


class Watching:
    """Middleware. Requests are counted by the route that answers them, never by their address."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, status, came = time.perf_counter(), 0, 0

        async def receive_some() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > MAX_BODY:
                raise TooLarge
            return message

        async def send_counted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            if int(HTTPConnection(scope).headers.get("content-length") or 0) > MAX_BODY:
                raise TooLarge
            await self.app(scope, receive_some, send_counted)
        except TooLarge as error:
            await problem(error.status_code, error.detail)(scope, receive, send_counted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(scope["method"], route, str(status)).observe(time.perf_counter() - begin)
