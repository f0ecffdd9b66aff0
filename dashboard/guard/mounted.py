"""A page below a path of a proxy, whether the proxy takes that path off what it passes on or leaves it."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send


class Mounted:
    """Middleware, the outermost: a request whose path was left goes where the same one goes without it.

    Args:
        root_path: where the proxy mounts the page, as in /betalens. The server puts it before every path.
        routes: of the application; one of ours that begins with the same name is left as it came.
    """

    def __init__(self, app: ASGIApp, root_path: str, routes: Sequence[BaseRoute]):
        self.app = app
        self.root = root_path
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        came = scope.get("path", "").removeprefix(self.root)
        if came == self.root or (came.startswith(f"{self.root}/") and not self._is_ours(came)):
            scope = {**scope, "path": came if came != self.root else f"{came}/"}
            if raw := scope.get("raw_path"):
                root = self.root.encode()
                while raw.startswith(root * 2):
                    raw = raw[len(root) :]
                scope["raw_path"] = raw
        await self.app(scope, receive, send)

    def _is_ours(self, path: str) -> bool:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        return any(not isinstance(route, Mount) and route.matches(scope)[0] is not Match.NONE for route in self.routes)
