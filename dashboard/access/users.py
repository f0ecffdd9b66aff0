"""Users in a file: names, roles and argon2 hashes, written by `betalens users`."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard import audit
from dashboard.access.identity import NOBODY, Identity, Role
from dashboard.access.lockout import LOCKED, Lockout
from dashboard.access.login import to_page
from dashboard.api.problems import problem
from dashboard.i18n import FALLBACK, phrases
from model.errors import AccessError

SHORTEST_PASSWORD = 12  # characters
LONGEST = 1024  # of a name or password: a hash takes as long as what it is of
HASHES_AT_ONCE = 2  # each takes 64 MiB
REMEMBERED = 60  # seconds for which a program that sends its password with each request is not hashed again


class User(NamedTuple):
    """A line of the file."""

    role: Role
    hash: str

    @property
    def proof(self) -> str:
        """What a session holds of the password: another one ends it."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class Users:
    """A way to log in: by the form of the page, or by HTTP Basic for programs. See `dashboard.access.base.Way`.

    The file is read again when it changes, so that who is removed from it is out at once.

    Raises:
        AccessError: it cannot be read, or nobody is in it.
    """

    paths = frozenset({"/login"})
    asks = True
    start = "/login"

    def __init__(self, file: Path):
        self.file = file
        self.lockout = Lockout()
        self._hasher = PasswordHasher()
        self._no_one = self._hasher.hash(secrets.token_hex())  # an unknown name takes as long as a wrong password
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)
        self._known: TTLCache[bytes, None] = TTLCache(1024, REMEMBERED)
        self._key = secrets.token_bytes(32)
        self._read: tuple[int, dict[str, User]] = (0, {})
        if not self._users():
            raise AccessError(f"Nobody is in {file}: add somebody with `betalens users add NAME --file {file}`.")

    def identify(self, connection: HTTPConnection) -> Identity | None:
        """Whom the session or the header Authorization names.

        Raises:
            AccessError: the name is locked, after too many failures.
        """
        if given := _basic(connection.headers.get("authorization", "")):
            return self.check(*given)
        kept = connection.session
        user = self._users().get(kept.get("user", ""))
        if user is None or not hmac.compare_digest(user.proof, kept.get("proof", "")):
            return None
        return Identity(kept["user"], user.role)

    def check(self, name: str, password: str) -> Identity | None:
        """The user of that name, if it is their password.

        Raises:
            AccessError: the name is locked, after too many failures.
        """
        if self.lockout.is_locked(name):
            raise AccessError(f"Too many failures: wait {LOCKED // 60} minutes, then try again.")
        user = self._users().get(name)
        if len(name) > LONGEST or len(password) > LONGEST or not self._is(user, password):
            self.lockout.failed(name)
            return None
        self.lockout.succeeded(name)
        return Identity(name, user.role)

    def routes(self) -> list[Route]:
        return [Route("/login", self._log_in, methods=["POST"])]

    async def _log_in(self, request: Request) -> Response:
        """Takes `username` and `password`; of a browser, which sends `page` as well, it goes on to the page."""
        form = await request.form()
        name, password = (str(form.get(field) or "") for field in ("username", "password"))
        try:
            identity, failed = await run_in_threadpool(self.check, name, password), "wrong"
        except AccessError:
            identity, failed = None, "locked"
        if identity is None:
            audit.record("login_failed", NOBODY, reason=failed)
            return _answer(request, form, failed)
        request.session.clear()
        request.session.update(user=name, proof=self._users()[name].proof)
        audit.record("login", identity)
        return _answer(request, form)

    def _is(self, user: User | None, password: str) -> bool:
        stored = user.hash if user else self._no_one
        known = hmac.digest(self._key, f"{stored}\0{password}".encode("utf-8", "surrogatepass"), "sha256")
        if user and known in self._known:
            return True
        with self._hashing:
            try:
                self._hasher.verify(stored, password)
            except (VerificationError, InvalidHashError):
                return False
        if user:
            self._known[known] = None
        return user is not None

    def _users(self) -> dict[str, User]:
        try:
            changed = self.file.stat().st_mtime_ns
        except OSError as error:
            raise AccessError(f"{self.file} cannot be read: {error.strerror}.") from error
        if changed != self._read[0]:
            self._read = (changed, read_users(self.file))
        return self._read[1]


def read_users(file: Path) -> dict[str, User]:
    """The users in a file, by name.

    Raises:
        AccessError: it cannot be read, or is no such file.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
        return {str(name): User(Role.read(kept["role"]), str(kept["hash"])) for name, kept in found.items()}
    except OSError as error:
        raise AccessError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError):
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
    users = read_users(file) if file.exists() else {}
    _write(file, users | {name: User(role, PasswordHasher().hash(password))})


def remove_user(file: Path, name: str) -> None:
    """Take somebody out of the file, which ends their sessions.

    Raises:
        AccessError: they are not in it, or the file cannot be read or written.
    """
    users = read_users(file)
    if users.pop(name, None) is None:
        raise AccessError(f"There is no user {name!r} in {file}.")
    _write(file, users)


def _write(file: Path, users: dict[str, User]) -> None:
    """All or nothing, and readable by its owner alone."""
    text = json.dumps({name: {"role": u.role.name.lower(), "hash": u.hash} for name, u in users.items()}, indent=2)
    try:
        handle, scratch = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text + "\n")
        os.replace(scratch, file)
    except OSError as error:
        raise AccessError(f"{file} cannot be written: {error.strerror}.") from error


def _basic(header: str) -> tuple[str, str] | None:
    """Name and password of an HTTP Basic header (RFC 7617)."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def _answer(request: Request, form: FormData, failed: str = "") -> Response:
    """A browser goes on to the page, which says what failed; a program is told by the status."""
    if "page" in form:
        return to_page(request, failed)
    if failed:
        return problem(429 if failed == "locked" else 401, phrases()[FALLBACK][f"login.{failed}"])
    return JSONResponse({"success": True})
