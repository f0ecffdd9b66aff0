"""A page draws a number for itself (Gradio's `session_hash`): what it asks for by it is its login's alone.

Whoever knows the number of somebody else's page could otherwise read its stream of answers, end it, or act in its
place. The number of a page is that of the login that uses it first, for longer than Gradio keeps anything of it.
"""

import re
import threading
from collections.abc import Callable, Hashable
from urllib.parse import parse_qs

from cachetools import LRUCache
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.access.identity import Identity
from dashboard.web.gradio import page_of_event
from dashboard.web.paths import path_of
from dashboard.web.problems import problem

HASH = re.compile(r"[A-Za-z0-9_-]{1,64}")
PAGES = 2_000  # of one login that no other login's pages push out
# Those from before, of all logins, which push out one another. Gradio (6.31) forgets all of a page after 10,000 others.
BEFORE = 50_000

STREAM = re.compile(r"/gradio_api/queue/data")
HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]*)")
RESULT = re.compile(r"/gradio_api/call/[^/]+/([^/]+)")


class Owners:
    """Whose page each number is. Safe to ask from many threads."""

    def __init__(self):
        self._owner: dict[str, str] = {}
        self._pages: dict[str, _Latest] = {}
        self._before = _Latest(BEFORE, self._owner.pop)
        self._lock = threading.Lock()

    def claim(self, page: object, by: Identity) -> bool:
        """Whether a number is that of one of their pages, from now on if it was nobody's."""
        if not isinstance(page, str) or not HASH.fullmatch(page):
            return False
        with self._lock:
            if self._owner.setdefault(page, by.id) != by.id:
                return False
            self._before.pop(page, None)
            theirs = self._pages.setdefault(by.id, _Latest(PAGES, self._before.add))
            theirs.add(page)
            return True

    def has(self, page: object, by: Identity) -> bool:
        """Whether a number is known as that of one of their pages."""
        return isinstance(page, str) and self._owner.get(page) == by.id

    def __len__(self) -> int:
        """How many numbers are known."""
        return len(self._owner)


class _Latest(LRUCache):
    """So many numbers; the one that was used longest ago is handed on for a newer one."""

    def __init__(self, most: int, hand_on: Callable[[str], object]):
        super().__init__(most)
        self._hand_on = hand_on

    def add(self, page: str) -> None:
        self[page] = None

    def popitem(self) -> tuple[Hashable, None]:
        page, _ = found = super().popitem()
        self._hand_on(page)
        return found


class Streams:
    """Middleware: what is read by the number of a page is read by its login alone.

    Args:
        page: whose answers they are.
    """

    def __init__(self, app: ASGIApp, owners: Owners, page):
        self.app = app
        self.owners = owners
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = scope["type"] == "http" and self._refuses(scope)
        await (problem(404, "There is no such page of yours.") if refused else self.app)(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        path, by = path_of(scope), scope["state"]["identity"]
        if STREAM.fullmatch(path):
            pages = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
            return len(pages) != 1 or not self.owners.has(pages[0], by)
        if found := HEARTBEAT.fullmatch(path):
            return not self.owners.claim(found[1], by)
        if found := RESULT.fullmatch(path):
            return not self.owners.has(page_of_event(self.page, found[1]), by)
        return False
