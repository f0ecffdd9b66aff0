"""A reverse proxy has authenticated, and says in headers whom. Believed of the addresses named in access.toml alone."""

from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import HTTPConnection
from starlette.routing import Route

from dashboard.access.identity import Identity
from dashboard.access.roles import Roles
from model.errors import AccessError


class Proxy:
    """A way to log in; see `dashboard.access.base.Way`.

    Args:
        user_header: its value is the name.
        groups_header: its value is the groups, with commas between them.
        proxies: the networks that the headers are believed of.
    """

    paths: frozenset[str] = frozenset()
    asks = False
    start = ""

    def __init__(
        self, user_header: str, groups_header: str, proxies: tuple[IPv4Network | IPv6Network, ...], roles: Roles
    ):
        self._user, self._groups = user_header, groups_header
        self._proxies = proxies
        self._roles = roles

    def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the proxy names.

        Raises:
            AccessError: none of their groups has a role here.
        """
        name = connection.headers.get(self._user, "").strip()
        if not name or not is_in(connection.scope["peer"], self._proxies):
            return None
        groups = (g.strip() for g in connection.headers.get(self._groups, "").split(","))
        role = self._roles.of(groups)
        if role is None:
            raise AccessError("Your account has no role here: ask an administrator for one.")
        return Identity(name, role)

    def routes(self) -> list[Route]:
        return []


def is_in(host: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ip_address(host)
    except ValueError:  # the name of a Unix socket, or none
        return False
    return any(address in network for network in networks)
