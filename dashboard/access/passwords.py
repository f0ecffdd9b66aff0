"""Whether a password is somebody's: judged at most so often, and a few at a time."""

import asyncio
import hmac
import json
import secrets
import threading
from concurrent.futures import Future
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cachetools import TTLCache

from dashboard.access.hashing import Hashing
from dashboard.access.lockout import Lockout, place_of

LONGEST = 1024  # characters of a name or password: a hash takes as long as what it is of
REMEMBERED = 60  # seconds for which a program that sends its password with each request is not hashed again


class PasswordCheck(NamedTuple):
    """What came of an attempt."""

    right: bool
    counted: bool  # False for one that another was judged for, and for what is too long to be judged


class Passwords:
    """Judges them, with a count of failures before it and a short line. To be asked in the event loop, which it never
    holds.

    Attributes:
        lockout: counts.
    """

    def __init__(self):
        self.lockout = Lockout()
        self._hashing = Hashing()
        self._hasher = PasswordHasher()
        self._no_one = self._hasher.hash(secrets.token_hex())  # an unknown name takes as long as a wrong password
        self._right: TTLCache[bytes, None] = TTLCache(1024, REMEMBERED)
        self._judged: dict[bytes, Future[bool]] = {}
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()

    async def judge(self, name: str, password: str, stored: str | None, address: str, device: str) -> PasswordCheck:
        """Whether it is the password of the user of that name.

        The same attempt, made many times at once by a program that has just begun, is judged once and counts once.

        Args:
            stored: the hash; None where there is no such user.
            address: where it comes from.
            device: that the user has logged in with before; "" where there is none.

        Raises:
            LoginRefusedError: it cannot be judged now: too many have failed, or too many wait.
        """
        if len(name) > LONGEST or len(password) > LONGEST:
            return PasswordCheck(False, False)  # before anything is counted or kept of it
        place = place_of(address)
        tried = self._digest(name, password, stored or "", place, device)
        with self._lock:
            future = joined = self._judged.get(tried)
        if future is None:
            future = self._begin(tried, name, password, stored, address, device)
        return PasswordCheck(await asyncio.wrap_future(future), joined is None)

    def _begin(
        self, tried: bytes, name: str, password: str, stored: str | None, address: str, device: str
    ) -> "Future[bool]":
        """Count the attempt, and let it be judged."""
        place, credential = place_of(address), self._digest(stored or "", password)
        self._hashing.enter(place)
        try:
            attempt = self.lockout.begin(name, address, device)
        except BaseException:
            self._hashing.leave(place)
            raise

        def work() -> bool:
            try:
                right = self._is(stored, password, credential)
                if right:
                    self.lockout.succeeded(attempt)
                return right
            finally:
                with self._lock:
                    self._judged.pop(tried, None)

        with self._lock:
            known = stored is not None and credential in self._right
            if not known:
                # Under the lock, so that `work` cannot be done with it before it is noted.
                self._judged[tried] = future = self._hashing.do(place, work)
                return future
        self.lockout.succeeded(attempt)
        self._hashing.leave(place)
        done: Future[bool] = Future()
        done.set_result(True)
        return done

    def _is(self, stored: str | None, password: str, credential: bytes) -> bool:
        try:
            self._hasher.verify(stored or self._no_one, password)
        except (VerificationError, InvalidHashError, UnicodeError):
            return False
        if stored is None:
            return False
        with self._lock:
            self._right[credential] = None
        return True

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self._key, json.dumps(parts).encode(), "sha256")
