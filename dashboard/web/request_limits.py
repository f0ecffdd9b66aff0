"""Around every request: how large it may be, how much of all may be read at once, and how long it took."""

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.web.metrics import REQUESTS
from dashboard.web.paths import path_of
from dashboard.web.problems import RETRY, of_http, problem
from model.inputs import MAX_BYTES

# Whoever asks may make up others: each would stay in the figures for good.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MAX_BODY = 2 * MAX_BYTES  # the largest film in base64, and what is sent with it
FILMS = ("/api/v1/", "/gradio_api/")  # below these, where `dashboard.guard` reads most to less
MAX_OTHER = 2**20  # of a login, say
MAX_AT_ONCE = 2 * MAX_BODY  # bytes of all requests that are at work: each is held several times while it is read


class Unread(HTTPException):
    """More came than may, or than there is room for. FastAPI lets an HTTPException pass, from wherever it reads a
    body."""


class TooLarge(Unread):
    """More came than may."""

    def __init__(self, most: int):
        super().__init__(413, f"The request is too large: at most {most:,} bytes are read.")


class NoRoom(Unread):
    """As much came with all requests at work as there is room for."""

    def __init__(self):
        said = "The server reads as much as it has room for: send the request again in some seconds."
        super().__init__(503, said, RETRY)


class RequestLimitsMiddleware:
    """Middleware. Requests are counted by the route that answers them, never by their address."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._held = 0  # bytes that came with requests at work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, status, came = time.perf_counter(), 0, 0
        most = MAX_BODY if path_of(scope).startswith(FILMS) else MAX_OTHER

        async def receive_some() -> Message:
            nonlocal came
            message = await receive()
            body = message.get("body", b"")
            came, self._held = came + len(body), self._held + len(body)
            if came > most:
                raise TooLarge(most)
            if self._held > MAX_AT_ONCE:
                raise NoRoom
            return message

        async def send_counted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            if int(HTTPConnection(scope).headers.get("content-length") or 0) > most:
                raise TooLarge(most)
            await self.app(scope, receive_some, send_counted)
        except Unread as error:
            await of_http(error)(scope, receive, send_counted)
        except ClientDisconnect:
            pass  # who would read an answer?
        except asyncio.CancelledError:  # the time to end is over
            if not status:
                await problem(503, "The server is stopped: ask again.")(scope, receive, send_counted)
        finally:
            self._held -= came
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(method, route, str(status)).observe(time.perf_counter() - begin)
