"""Where a request goes."""

from starlette._utils import get_route_path
from starlette.types import Scope


def path_of(scope: Scope) -> str:
    """The path below where a proxy mounts the server, as the routes will see it."""
    return get_route_path(scope)
