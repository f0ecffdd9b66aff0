"""Who guesses passwords is kept waiting, and whom they guess at is not kept out.

Attempts are counted where they come from, not for a name alone, or anybody could keep anybody out: an attempt from a
device that its user has logged in with before counts for that user on that device, every other one for that user from
that address. After five failures such a pair waits a minute for each further attempt. Two more counts hold back whoever
has many addresses or tries many names. They do not touch devices and addresses that the user is known from: so they may
delay a login from an unknown place, and nobody at their usual one.

An attempt is counted before its password is judged, so that many at once are no more than many in turn, and a counted
one is never forgotten for another's sake: what leaks out is what time has passed for. Counts live in this process; a
server that starts anew begins with none.

Sources: OWASP, "Slow Down Online Guessing Attacks with Device Cookies"; NIST SP 800-63B-4, section 3.2.2 (at most 100
failures in a row of an account, then delays; an allow list of addresses used before). A leaky bucket as a meter: ITU-T
I.371, annex A.
"""

import hashlib
import json
import math
import secrets
import threading
import time
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from cachetools import TTLCache

from dashboard.access.base import LoginRefusedError

MOST_FAILURES, FADES = 5, 60  # of one user from one place, and the seconds in which one of them is forgotten
NAME_FAILURES, NAME_FADES = 100, 60  # of one user from all places that they are not known from
PLACE_FAILURES, PLACE_FADES = 50, 6  # of one address at all users who are not known from it
COUNTED = 100_000  # of each kind at a time; hashing is too slow for an attacker to fill it before the first fade
KNOWN, KNOWN_FOR = 10_000, 30 * 24 * 3600  # pairs of user and address, and the seconds since the last login


class Buckets:
    """Leaky buckets, by digest of what they count for.

    Args:
        most: a bucket holds this many attempts.
        fades: seconds in which one leaks out.
    """

    def __init__(self, most: int, fades: float):
        self.most, self.fades = most, fades
        self._levels: dict[bytes, tuple[float, float]] = {}  # how full, and when that was

    def wait(self, key: bytes, now: float) -> float:
        """Seconds until there is room for one more."""
        if key not in self._levels and len(self._levels) >= COUNTED:
            self._levels = {k: level for k, level in self._levels.items() if self._level(k, now) > 0}
            if len(self._levels) >= COUNTED:
                return self.fades
        return max(0.0, self._level(key, now) + 1 - self.most) * self.fades

    def add(self, key: bytes, now: float, many: int = 1) -> None:
        """Put so many in, or take them out."""
        level = self._level(key, now) + many
        if level > 0:
            self._levels[key] = level, now
        else:
            self._levels.pop(key, None)

    def clear(self, key: bytes) -> None:
        """Forget what was counted."""
        self._levels.pop(key, None)

    def _level(self, key: bytes, now: float) -> float:
        level, then = self._levels.get(key, (0.0, now))
        return max(0.0, level - (now - then) / self.fades)


class Attempt(NamedTuple):
    """One that was counted: the digests that it counts for."""

    pair: bytes
    strange: tuple[bytes, bytes] | None  # the name and the address, where the one is not known from the other
    known: bytes


class Lockout:
    """Counts attempts, whether or not there is a user of that name: an answer must not tell. Safe to ask from many
    threads."""

    def __init__(self):
        self._key = secrets.token_bytes(32)
        self._pairs = Buckets(MOST_FAILURES, FADES)
        self._names = Buckets(NAME_FAILURES, NAME_FADES)
        self._places = Buckets(PLACE_FAILURES, PLACE_FADES)
        self._known: TTLCache[bytes, None] = TTLCache(KNOWN, KNOWN_FOR)
        self._lock = threading.Lock()

    def begin(self, name: str, address: str, device: str = "") -> Attempt:
        """Count an attempt, before it is judged.

        Args:
            device: that the user has logged in with before; "" where there is none.

        Raises:
            LoginRefusedError: it may not be judged now.
        """
        place, now = place_of(address), time.monotonic()
        known = self._digest("known", name, place)
        pair = self._digest("device", name, device) if device else self._digest("pair", name, place)
        with self._lock:
            strange = None if device or known in self._known else (self._digest("name", name), self._digest("", place))
            waits = [self._pairs.wait(pair, now)]
            if strange:
                waits += [self._names.wait(strange[0], now), self._places.wait(strange[1], now)]
            if max(waits) > 0:
                raise LoginRefusedError("locked", math.ceil(max(waits)))
            self._pairs.add(pair, now)
            if strange:
                self._names.add(strange[0], now)
                self._places.add(strange[1], now)
        return Attempt(pair, strange, known)

    def succeeded(self, attempt: Attempt) -> None:
        """It was the right password: forget the failures of this user there, and know them from there from now on."""
        with self._lock:
            self._pairs.clear(attempt.pair)
            self._known[attempt.known] = None
            if attempt.strange:
                now = time.monotonic()
                self._names.add(attempt.strange[0], now, -1)
                self._places.add(attempt.strange[1], now, -1)

    def _digest(self, *parts: str) -> bytes:
        """Of fixed size, however long a name that somebody tries is."""
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16, key=self._key).digest()


def place_of(address: str) -> str:
    """The address, or the network that one subscriber has (/64) in IPv6 (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:  # the name of a Unix socket, or none
        return address
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ip_network((found.packed, 64), strict=False))
    return str(found)
