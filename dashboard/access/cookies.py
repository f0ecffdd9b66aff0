"""Cookies of this server's own: what they have in common, and which device somebody has logged in from before."""

import secrets

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

SESSION, DEVICE, FORM = "betalens_session", "betalens_device", "betalens_form"
REMEMBERED = 180 * 24 * 3600  # seconds since the last login from a device
MOST = 10  # people who share one
LONGEST = 2048  # characters of a cookie that is looked at


def is_secure(scope: Scope) -> bool:
    """Whether a request came by TLS."""
    return scope.get("scheme") in ("https", "wss")


def cookie_name(name: str, secure: bool) -> str:
    """The name of a cookie. With TLS a browser takes one that begins so from this host alone, for all of it and by TLS
    (RFC 6265bis, section 4.1.3.2): no neighbour of the same domain can set it."""
    return f"__Host-{name}" if secure else name


def put(response: Response, connection: HTTPConnection, name: str, value: str, seconds: int, strict: bool) -> None:
    """Let an answer set a cookie that scripts cannot read.

    Args:
        strict: it is not sent with what another site asks for, not even with a link.
    """
    secure = is_secure(connection.scope)
    site = "strict" if strict else "lax"
    response.set_cookie(cookie_name(name, secure), value, seconds, secure=secure, httponly=True, samesite=site)


def get(connection: HTTPConnection, name: str) -> str:
    """The value of a cookie of ours; "" where there is none."""
    value = connection.cookies.get(cookie_name(name, is_secure(connection.scope)), "")
    return value if len(value) <= LONGEST else ""


class Devices:
    """Device cookies: a number for a browser, and marks of the people who have logged in with it, signed.

    A mark is a digest of the name and the password's hash, so that another password makes every device unknown.

    Args:
        secret: signs them.
    """

    def __init__(self, secret: str):
        self._signer = URLSafeTimedSerializer(secret, salt="betalens-device")

    def of(self, connection: HTTPConnection, mark: str) -> str:
        """The number of the browser, where somebody of this mark has logged in with it; "" otherwise."""
        number, marks = self._read(connection)
        return number if mark in marks else ""

    def remember(self, response: Response, connection: HTTPConnection, mark: str) -> None:
        """Let an answer say that somebody of this mark has logged in."""
        number, marks = self._read(connection)
        marks = [mark, *(other for other in marks if other != mark)][:MOST]
        value = self._signer.dumps([number or secrets.token_hex(8), marks])
        put(response, connection, DEVICE, value, REMEMBERED, strict=False)

    def _read(self, connection: HTTPConnection) -> tuple[str, list[str]]:
        try:
            number, marks = self._signer.loads(get(connection, DEVICE), max_age=REMEMBERED)
        except BadData:
            return "", []
        return number, marks
