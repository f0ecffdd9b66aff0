"""Which of Gradio's routes there are: those that its page and its client use, and no other.

Gradio 6.31 has a route that fetches any public address for whoever asks (`file=http…`), one that hands out files by
their names on the disk, one that writes a page's state to the disk, an editor of code, and more. What is not listed
here is answered with 404 before Gradio sees it; `tests/abuse` holds that no other route was added meanwhile.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dashboard.web.paths import path_of
from dashboard.web.problems import problem

ROUTE_NAME = r"[A-Za-z0-9_-]{1,64}"
FILE = r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*"
GET, POST = frozenset({"GET"}), frozenset({"POST"})
ALLOWED = [
    (re.compile(path), methods)
    for path, methods in (
        # the page, its code and its looks
        (r"/", GET | {"HEAD"}),
        (rf"/assets/{FILE}", GET),
        (rf"/static/{FILE}", GET),
        (r"/theme\.css", GET),
        (r"/favicon\.ico", GET),
        (r"/manifest\.json", GET),
        # what it asks, and what it is answered
        (r"/gradio_api/queue/join", POST),
        (r"/gradio_api/queue/data", GET),
        (r"/gradio_api/cancel", POST),
        (rf"/gradio_api/heartbeat/{ROUTE_NAME}", GET),
        (rf"/gradio_api/(?:run|api)/{ROUTE_NAME}", POST),
        # ours, in the place of Gradio's: see dashboard/cases/uploads.py
        (r"/gradio_api/upload", POST),
        (r"/gradio_api/upload_progress", GET),
        # for programs: gradio_client, and curl
        (r"/config", GET),
        (r"/gradio_api/info", GET),
        (r"/gradio_api/app_id", GET),
        (rf"/gradio_api/call/{ROUTE_NAME}", POST),
        (rf"/gradio_api/call/(?!v2/){ROUTE_NAME}/{ROUTE_NAME}", GET),
    )
]
# What these read of a query; the rest of it, and that of every other route of Gradio's, is not passed on.
ASKED = {"/gradio_api/queue/data", "/gradio_api/upload", "/gradio_api/upload_progress"}


class Routes:
    """Middleware.

    Args:
        ours: paths, or beginnings of paths that end with a slash, of routes that are not Gradio's.
    """

    def __init__(self, app: ASGIApp, ours: frozenset[str]):
        self.app = app
        self.ours = ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if scope["type"] != "http" or self._is_ours(path := path_of(scope)):
            await self.app(scope, receive, send)
            return
        methods = next((methods for allowed, methods in ALLOWED if allowed.fullmatch(path)), None)
        if methods is None:
            await problem(404, "There is nothing here.")(scope, receive, send)
        elif scope["method"] not in methods:
            names = sorted(methods)
            await problem(405, f"This takes {' or '.join(names)}.", {"Allow": ", ".join(names)})(scope, receive, send)
        else:
            if path not in ASKED:
                scope["query_string"] = b""
            await self.app(scope, receive, send)

    def _is_ours(self, path: str) -> bool:
        return path in self.ours or any(path.startswith(begin) for begin in self.ours if begin.endswith("/"))
