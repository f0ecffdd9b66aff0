"""Who looked at, flagged, exported and promoted what: a line of JSON each, apart from the server's own log.

A line names a person by the login and a case by its id; of what a report, a film or a comment holds nothing is written.
"""

import json
import logging
from pathlib import Path

from dashboard.access.identity import Identity, who
from model.errors import AccessError
from model.feedback import utc_now

log = logging.getLogger("betalens.audit")
log.propagate = False


def keep(path: Path | None) -> None:
    """Write to a file from now on, or to the standard error where none is named.

    Raises:
        AccessError: the file cannot be written.
    """
    try:
        handler = logging.FileHandler(path, encoding="utf-8") if path else logging.StreamHandler()
    except OSError as error:
        raise AccessError(f"The audit log {path} cannot be written: {error.strerror}.") from error
    log.handlers = [handler]
    log.setLevel(logging.INFO)


def record(action: str, by: Identity | None = None, **what: str | int | float | bool) -> None:
    """Say who did something.

    Args:
        by: whoever sent the request that a function of the page answers, where not given.
        what: ids, names of versions, numbers.
    """
    by = by or who()
    line = {"time": utc_now(), "who": by.name, "role": by.role.name.lower(), "action": action, **what}
    log.info(json.dumps(line, ensure_ascii=False))
