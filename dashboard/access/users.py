"""Users in a file: names, roles and argon2 hashes, written by `betalens users`."""

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher
from cachetools import TTLCache
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.access import audit
from dashboard.access.base import AuthBackend, LoginRefusedError
from dashboard.access.cookies import Devices
from dashboard.access.identity import NOBODY, Identity, Role
from dashboard.access.login import is_ours, to_page
from dashboard.access.passwords import LONGEST, Passwords
from dashboard.access.peer import address_of
from dashboard.access.sessions import Rules
from dashboard.web.bodies import limited
from dashboard.web.problems import problem
from dashboard.web.request_limits import TooLarge
from model.errors import AccessError, AuditError
from model.storage.files import atomic_write

SHORTEST_PASSWORD = 12  # characters
MOST_BODY = 32 * 1024  # bytes of a login: a name and a password of the greatest length, as a browser encodes them
AUDITED = 3600  # seconds for which a program that sends its password with each request is not written down again

log = logging.getLogger(__name__)


class User(NamedTuple):
    """A line of the file."""

    role: Role
    hash: str

    @property
    def proof(self) -> str:
        """What a session holds of the password and the role: another one ends it."""
        return hashlib.sha256(f"{self.role.name} {self.hash}".encode()).hexdigest()[:16]


class Users(AuthBackend):
    """A way to log in: by the form of the page, or by HTTP Basic for programs.

    The file is read again when it changes, so that who is removed from it is out at once.

    Args:
        sessions: begins those of people who log in by the form.
        secret: signs what says that somebody has logged in from a device.

    Raises:
        AccessError: it cannot be read, or nobody is in it.
    """

    paths = frozenset({"/login"})
    asks = True
    start = "/login"

    def __init__(self, file: Path, sessions: Rules, secret: str):
        self.file = file
        self.passwords = Passwords()
        self.lockout = self.passwords.lockout
        self._sessions = sessions
        self._devices = Devices(secret)
        self._written: TTLCache[tuple, None] = TTLCache(10_000, AUDITED)
        self._read: tuple[tuple, dict[str, User]] = ((), {})
        self._broken = ""
        if not self._load():
            raise AccessError(f"Nobody is in {file}: add somebody with `betalens users add NAME --file {file}`.")

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the session or the header Authorization names.

        Raises:
            LoginRefusedError: the password cannot be judged now, or nobody can log in.
        """
        if given := _basic(connection.headers.get("authorization", "")):
            return await self._by_password(connection, *given, how="basic")
        session = connection.session
        user = self._users().get(session.get("user", ""))
        if user is None or not hmac.compare_digest(user.proof, session.get("proof", "")):
            return None
        return Identity(session["user"], user.role)

    def mark(self, identity: Identity) -> str:
        user = self._users().get(identity.name)
        return user.proof if user else ""

    def trouble(self) -> str:
        try:
            self._users()
        except LoginRefusedError:
            return "Nobody can log in: the file of users cannot be used, and the server's log says why."
        return ""

    def routes(self) -> list[Route]:
        return [Route("/login", self._log_in, methods=["POST"])]

    async def _log_in(self, request: Request) -> Response:
        """Takes `username` and `password`; of a browser, which sends `page` as well, it goes on to the page."""
        form = await _form(request)
        name, password, token = (str(form.get(field) or "") for field in ("username", "password", "token"))
        if not is_ours(request, token):
            return _answer(request, form, LoginRefusedError("form"))
        try:
            identity = await self._by_password(request, name, password, how="form")
            if identity is None:
                raise LoginRefusedError("wrong")
            audit.record("login", identity, how="form")
            user = self._users()[name]
        except LoginRefusedError as error:
            return _answer(request, form, error)
        except (AuditError, KeyError):  # they were taken out of the file meanwhile
            return _answer(request, form, LoginRefusedError("unavailable"))
        self._sessions.begin(request.session, identity, proof=user.proof)
        answer = _answer(request, form)
        self._devices.remember(answer, request, _mark(name, user))
        return answer

    async def _by_password(self, connection: HTTPConnection, name: str, password: str, how: str) -> Identity | None:
        """The user of that name, if it is their password. A failure is written down, and a program's login at the first
        of its requests.

        Raises:
            LoginRefusedError: it cannot be judged now.
        """
        address = address_of(connection)
        user = self._users().get(name)
        # Whoever fails is named if there is such a user: what was tried as a name may be a password.
        asking = Identity(name if user else "", user.role if user else NOBODY.role, address=address)
        device = self._devices.of(connection, _mark(name, user)) if user else ""
        try:
            judged = await self.passwords.judge(name, password, user.hash if user else None, address, device)
        except LoginRefusedError as error:
            if error.reason == "locked" and self._is_news(asking.name, address, error.reason):
                audit.note("login_failed", asking, how=how, reason=error.reason)
            raise
        if user is None or not judged.right:
            if judged.counted or self._is_news(address, "uncounted"):
                audit.note("login_failed", asking, how=how, reason="wrong")
            return None
        if self._is_news(name, address, user.proof) and how == "basic":
            audit.note("login", asking, how=how)
        return asking

    def _is_news(self, *said: str) -> bool:
        """Whether something was not written down within the last hour; from now on it was."""
        news = said not in self._written
        self._written[said] = None
        return news

    def _users(self) -> dict[str, User]:
        """
        Raises:
            LoginRefusedError: the file cannot be read or used; the log says why, once.
        """
        try:
            users, broken = self._load(), ""
        except AccessError as error:
            users, broken = {}, str(error)
        if broken != self._broken:
            self._broken = broken
            if broken:
                log.error("Nobody can log in: %s", broken)
            else:
                log.warning("The file of users can be used again.")
        if broken:
            raise LoginRefusedError("unavailable")
        return users

    def _load(self) -> dict[str, User]:
        try:
            found = self.file.stat()
        except OSError as error:
            raise AccessError(f"{self.file} cannot be read: {error.strerror}.") from error
        state = found.st_mtime_ns, found.st_ino, found.st_size
        if state != self._read[0]:
            self._read = (state, read_users(self.file))
        return self._read[1]


def read_users(file: Path) -> dict[str, User]:
    """The users in a file, by name.

    Raises:
        AccessError: it cannot be read, or is no such file.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
        return {str(name): User(Role.read(entry["role"]), str(entry["hash"])) for name, entry in found.items()}
    except OSError as error:
        raise AccessError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AccessError(f"{file} is no file of users: write it with `betalens users add`.") from None


def set_user(file: Path, name: str, role: Role, password: str) -> None:
    """Add somebody to the file, or give them another role and password.

    Raises:
        AccessError: the name or password cannot be used, or the file not be written.
    """
    if not name.strip() or not name.isprintable() or ":" in name or len(name) > LONGEST:
        raise AccessError("The name cannot be used: it needs a character, and takes no colon and no control character.")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST:
        raise AccessError(f"The password has {len(password)} characters; it takes {SHORTEST_PASSWORD} to {LONGEST}.")
    user = User(role, PasswordHasher().hash(password))
    with _alone(file):
        _write(file, (read_users(file) if file.exists() else {}) | {name: user})


def remove_user(file: Path, name: str) -> None:
    """Take somebody out of the file, which ends their sessions.

    Raises:
        AccessError: they are not in it, or the file cannot be read or written.
    """
    with _alone(file):
        users = read_users(file)
        if users.pop(name, None) is None:
            raise AccessError(f"There is no user {name!r} in {file}.")
        _write(file, users)


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Change the file while nobody else does: the file itself is replaced, so its folder is what is locked."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise AccessError(f"{file} cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(file: Path, users: dict[str, User]) -> None:
    """All or nothing; readable by its owner alone, or by whom it was made readable for."""
    text = json.dumps({name: {"role": u.role.name.lower(), "hash": u.hash} for name, u in users.items()}, indent=2)
    try:
        atomic_write(file, f"{text}\n".encode())
    except OSError as error:
        raise AccessError(f"{file} cannot be written: {error.strerror}.") from error


def _basic(header: str) -> tuple[str, str] | None:
    """Name and password of an HTTP Basic header (RFC 7617)."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except ValueError:  # no base64, or no UTF-8
        return None
    return (name, password) if colon else None


def _mark(name: str, user: User) -> str:
    """What a device cookie holds of somebody."""
    return hashlib.sha256(f"{user.proof} {name}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


async def _form(request: Request) -> FormData:
    """What was sent, of which no more than may be is read.

    Raises:
        HTTPException: it is too large, or no form.
    """
    try:
        limited_request = Request(request.scope, limited(request.scope, request.receive, MOST_BODY))
        return await limited_request.form(max_files=0, max_fields=8, max_part_size=MOST_BODY)
    except TooLarge:
        raise HTTPException(413, f"The login is too large: at most {MOST_BODY:,} bytes are read.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The login was not sent to its end.") from None


def _answer(request: Request, form: FormData, refused: LoginRefusedError | None = None) -> Response:
    """A browser goes on to the page, which says what failed; a program is told by the status."""
    if "page" in form:
        return to_page(request, refused.reason if refused else "")
    if refused:
        return problem(refused.status, str(refused), headers=refused.headers)
    return JSONResponse({"success": True})
