"""Whose connection a request came by, and for whom: X-Forwarded-For and -Proto are believed of known proxies alone."""

from ipaddress import IPv4Network, IPv6Network
from typing import Any, cast

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

Networks = tuple[IPv4Network | IPv6Network, ...]


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; "" where that is not known, as through a Unix socket."""
    return connection.client.host if connection.client else ""


class ClientAddressMiddleware:
    """Middleware: keeps the address of the connection as `peer`, before uvicorn's own puts the client's in its place.

    Args:
        proxies: the networks of the reverse proxies.
    """

    def __init__(self, app: ASGIApp, proxies: Networks):
        # uvicorn and Starlette each have types of their own for what is one interface.
        own = ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=[str(network) for network in proxies])
        self._app = cast(ASGIApp, own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["peer"] = address_of(HTTPConnection(scope))
        await self._app(scope, receive, send)
