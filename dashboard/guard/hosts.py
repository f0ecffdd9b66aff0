"""A server without a login answers to the names of its own machine alone: a page on another site could otherwise reach
it by a name of its own that leads to 127.0.0.1."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dashboard.web.problems import problem


def is_loopback(host: str) -> bool:
    """Whether an address, or a name, is reached from this machine alone."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class LocalHosts:
    """Middleware: answers 400 where another name was asked for."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_local(Headers(scope=scope).getlist("host")):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            said = "Without a login this server answers to localhost and 127.0.0.1 alone."
            await problem(400, said)(scope, receive, send)
        else:
            await WebSocketClose(1008)(scope, receive, send)


def _is_local(hosts: list[str]) -> bool:
    try:
        (address,) = (urlsplit(f"//{host}") for host in hosts)
        address.port  # noqa: B018 - raises where it is none
        return address.username is None and not address.path and is_loopback(address.hostname or "")
    except ValueError:
        return False
