"""Which sessions were ended before their time: an empty file each, in a folder that all servers share.

    ended-sessions/<digest of the person>/<number of the session>
    ended-sessions/<digest of the person>/all     every session that began before its time of change

A session itself is a signed cookie, which any server with the same BETALENS_SECRET takes; it is taken no more once its
file is there. So ending one holds at once on every server that sees the folder: by NFS as soon as its client looks
again, which is within a minute with the usual settings. Where the folder cannot be written, it holds in this process.
"""

import contextlib
import hashlib
import os
import time
from pathlib import Path

from cachetools import TTLCache

ALL = "all"
MOST = 200  # of one person; beyond it, all of theirs are ended
HERE = 100_000


class EndedSessions:
    """The folder, and what this process ended itself.

    Args:
        seconds: no session is longer, so that older files say nothing any more.
    """

    def __init__(self, folder: Path, seconds: float):
        self.folder, self.seconds = folder, seconds
        self._here: TTLCache[tuple[str, str], None] = TTLCache(HERE, seconds)

    def has(self, person: str, session: str, began: float) -> bool:
        """Whether a session of somebody was ended, which began at that time (seconds since 1970)."""
        if (person, session) in self._here:
            return True
        theirs = self._of(person)
        if os.path.exists(theirs / session):
            return True
        try:
            return began <= (theirs / ALL).stat().st_mtime
        except OSError:
            return False

    def add(self, person: str, session: str) -> None:
        """End a session.

        Raises:
            OSError: the other servers do not know of it, nor this one once it has started anew.
        """
        self._here[person, session] = None
        self._sweep()
        theirs = self._made(person)
        if sum(1 for _ in theirs.iterdir()) >= MOST:
            self.add_all(person)
        else:
            (theirs / session).touch(mode=0o600)

    def add_all(self, person: str) -> None:
        """End every session that somebody has now.

        Raises:
            OSError: it cannot be written.
        """
        theirs = self._made(person)
        (theirs / ALL).touch(mode=0o600)
        now = time.time()
        os.utime(theirs / ALL, (now, now))  # by this machine's clock, as the sessions are
        for path in theirs.iterdir():
            if path.name != ALL:
                path.unlink(missing_ok=True)

    def _of(self, person: str) -> Path:
        return self.folder / hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _made(self, person: str) -> Path:
        """Their folder, made where there is none."""
        theirs = self._of(person)
        theirs.mkdir(parents=True, exist_ok=True, mode=0o700)
        return theirs

    def _sweep(self) -> None:
        """Remove what says nothing any more."""
        past = time.time() - self.seconds
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):  # another server does the same
                if path.stat().st_mtime < past:
                    path.unlink()
                    path.parent.rmdir()  # once it is empty
