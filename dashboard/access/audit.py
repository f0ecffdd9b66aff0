"""Who looked at, flagged, exported and promoted what: a line of JSON each, apart from the server's own log.

A line names a person by the login, the address that they ask from, and a case by its id; of what a report, a film or a
comment holds nothing is written.

What cannot be written down is not done: `record` is called before, and its error stops the rest. What is over anyway (a
refusal, a logout) goes on. While lines cannot be written the server says that it is not ready.
"""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterable
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from dashboard.access.identity import NOBODY, Identity, Role, who
from model.errors import AccessError, AuditError
from model.feedback import utc_now

log = logging.getLogger("betalens.audit")
log.propagate = False
server_log = logging.getLogger(__name__)

MODE = 0o600
Detail = str | int | float | bool | list[str]  # of a line: ids, names, numbers
_failing = threading.Event()


class _StrictHandler(logging.Handler):
    """A handler whose failures are errors of whoever writes."""

    def handleError(self, record: logging.LogRecord) -> None:
        raise


class _Stream(_StrictHandler, logging.StreamHandler):
    """To the standard error."""


class _File(_StrictHandler, WatchedFileHandler):
    """To a file that is its owner's alone. One that was moved away or removed is begun anew (logrotate's `create`)."""

    stream: Any  # a FileIO, where logging has text
    _torn = False

    def _open(self) -> Any:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        return os.fdopen(handle, "ab", buffering=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line whole, in one call, so that those of several servers do not mix; one that a full disk tore is
        ended before the next."""
        try:
            if self.stream is None:  # whoever sets up logging anew closes every handler there is
                self.stream = self._open()
                self._statstream()
            self.reopenIfNeeded()
            line = ("\n" * self._torn + self.format(record) + "\n").encode("utf-8", "backslashreplace")
            written = self.stream.write(line)
            self._torn = 0 < written < len(line) or (self._torn and written == 0)
            if written < len(line):
                raise OSError(0, "Only a part was written")
        except Exception:
            self.handleError(record)


def keep(path: Path | None) -> None:
    """Write to a file from now on, or to the standard error where none is named.

    Raises:
        AccessError: the file cannot be written.
    """
    try:
        handler = _File(path, encoding="utf-8") if path else _Stream()
    except OSError as error:
        raise AccessError(f"The audit log {path} cannot be written: {error.strerror}.") from error
    log.handlers = [handler]
    log.setLevel(logging.INFO)


def record(action: str, by: Identity | None = None, **what: Detail) -> None:
    """Say who does something, before it is done.

    Args:
        by: whoever sent the request that a function of the page answers, where not given.
        what: ids, names of versions, numbers.

    Raises:
        AuditError: it cannot be written down, and must not be done.
    """
    by = by or who()
    line = {"time": utc_now(), "who": by.name, "role": by.role.name.lower(), "from": by.address}
    line |= ({"id": by.key} if by.key else {}) | {"action": action} | what
    try:
        log.info(json.dumps(line, ensure_ascii=False))
    except (OSError, ValueError) as error:  # a closed stream is a ValueError
        if not _failing.is_set():
            _failing.set()
            server_log.error("The audit log cannot be written: %s", getattr(error, "strerror", None) or "it is closed")
        raise AuditError(
            "Not done, as it could not be written to the audit log: try again later, and tell an administrator."
        ) from None
    _failing.clear()


def note(action: str, by: Identity | None = None, **what: Detail) -> None:
    """Say what has come to an end, or was refused: whether or not it can be written down."""
    with contextlib.suppress(AuditError):  # it was said in the server's log
        record(action, by, **what)


def record_shown(where: str, cases: Iterable[str], by: Identity | None = None, **what: Detail) -> None:
    """Say whose films or reports somebody is about to be shown, and where on the page: once for those of one answer.

    Raises:
        AuditError: they must not be shown.
    """
    if shown := list(dict.fromkeys(cases)):
        record("look", by, where=where, **({"case": shown[0]} if len(shown) == 1 else {"cases": shown}), **what)


def require(role: Role, action: str, by: Identity | None = None) -> Identity:
    """Who asks for something, if they may. A refusal is written down.

    Args:
        by: whoever sent the request that a function of the page answers, where not given.

    Raises:
        AccessError: their role allows less.
    """
    by = by or who()
    try:
        by.require(role)
    except AccessError:
        note("refused", by, what=action, needs=role.name.lower())
        raise
    return by


def trouble() -> str:
    """Why nothing can be written down, in a sentence; "" where it can. Where it could not, it is tried again."""
    if not _failing.is_set():
        return ""
    note("audit_resumed", NOBODY)
    return "The audit log cannot be written, and nothing is done that must stand in it." if _failing.is_set() else ""
