"""Pages on other sites ask this server for nothing but its own page.

A browser says of each request where it comes from: in Sec-Fetch-Site what it has found itself, which no page can change
and no proxy rewrites, and in Origin the address. Programs send neither, and carry no one's cookie along.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dashboard.web.paths import path_of
from dashboard.web.problems import problem

READING = frozenset({"GET", "HEAD"})
OURS = frozenset({"same-origin", "none"})
# Where a link, or a provider that people log in at, may lead a browser.
ENTRANCES = frozenset({"", "/", "/login", "/oidc/callback"})
PORTS = {"http": 80, "https": 443}


class Origins:
    """Middleware: answers 403 to what a page on another site asks for."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and _is_foreign(scope):
            refused = problem(403, "This is asked for from this server's own pages alone.")
            await (refused if scope["type"] == "http" else WebSocketClose(1008))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _is_foreign(scope: Scope) -> bool:
    headers, method = Headers(scope=scope), scope.get("method", "GET")
    site, origins = headers.get("sec-fetch-site"), headers.getlist("origin")
    if site in OURS:
        return False
    if site is None and (not origins or _is_here(origins, headers)):
        return False
    if site is None:
        return True
    followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return not (method in READING and followed and path_of(scope) in ENTRANCES)


def _is_here(origins: list[str], headers: Headers) -> bool:
    """Whether an Origin is this server, by the name that was asked for. A page on another site cannot send
    X-Forwarded-Host: a browser asks first whether it may, and is told no."""
    try:
        (sent,) = (urlsplit(origin) for origin in origins)
        there = sent.hostname, sent.port or PORTS[sent.scheme]
        names = [headers.get("host", ""), headers.get("x-forwarded-host", "").partition(",")[0].strip()]
        here = [urlsplit(f"//{name}") for name in names if name]
        return there in [(name.hostname, name.port or PORTS[sent.scheme]) for name in here]
    except (ValueError, KeyError):  # "null", a port that is none
        return False
