"""Whose connection a request came by, and for whom: X-Forwarded-For and -Proto are believed of known proxies alone."""

from ipaddress import IPv4Network, IPv6Network
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class ClientAddressMiddleware:
    """Middleware: keeps the address of the connection as `peer`, before uvicorn's own puts the client's in its place.

    Args:
        proxies: the networks of the reverse proxies.
    """

    def __init__(self, app: ASGIApp, proxies: tuple[IPv4Network | IPv6Network, ...]):
        # uvicorn and Starlette each have types of their own for what is one interface.
        own = ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=[str(network) for network in proxies])
        self._app = cast(ASGIApp, own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["peer"] = scope["client"][0] if scope.get("client") else ""
        await self._app(scope, receive, send)
