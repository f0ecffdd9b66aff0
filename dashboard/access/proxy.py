"""A reverse proxy has authenticated, and says in headers whom. Believed of the addresses named in access.toml alone."""

from ipaddress import ip_address

from cachetools import TTLCache
from starlette.requests import HTTPConnection

from dashboard.access import audit
from dashboard.access.base import AuthBackend, LoginRefusedError
from dashboard.access.identity import NOBODY, Identity
from dashboard.access.peer import Networks, address_of
from dashboard.access.roles import Roles

AUDITED = 3600  # seconds for which somebody who is refused with each request is not written down again


class Proxy(AuthBackend):
    """A way to log in.

    Args:
        user_header: its value is the name.
        groups_header: its value is the groups, with commas between them.
        proxies: the networks that the headers are believed of.
    """

    def __init__(self, user_header: str, groups_header: str, proxies: Networks, roles: Roles):
        self._user, self._groups = user_header, groups_header
        self._proxies = proxies
        self._roles = roles
        self._refused: TTLCache[tuple[str, str], None] = TTLCache(10_000, AUDITED)

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the proxy names.

        Raises:
            LoginRefusedError: none of their groups has a role here.
        """
        name = _text(connection, self._user)
        if not name or not is_in(connection.scope["peer"], self._proxies):
            return None
        role = self._roles.of(group.strip() for group in _text(connection, self._groups).split(","))
        if role is None:
            address = address_of(connection)
            if (name, address) not in self._refused:
                self._refused[name, address] = None
                audit.note("login_failed", Identity(name, NOBODY.role, address=address), how="proxy", reason="role")
            raise LoginRefusedError("role")
        return Identity(name, role)


def _text(connection: HTTPConnection, header: str) -> str:
    """A header's value: UTF-8 where it can be that, as proxies send names, or else Latin-1, as HTTP had it."""
    value = connection.headers.get(header, "").strip()
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def is_in(host: str, networks: Networks) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ip_address(host)
    except ValueError:  # the name of a Unix socket, or none
        return False
    return any(address in network for network in networks)
