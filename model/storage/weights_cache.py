"""Where published weights lie once they were fetched: a folder a name in the user's cache.

A ledger beside them says what each was made of, and stays when a folder is deleted: what a name meant once it means for
good. Nothing here fetches.
"""

import json
from pathlib import Path
from typing import TypedDict

from platformdirs import user_cache_path

LEDGER = "fetched.json"


class Fetched(TypedDict):
    """What was fetched under a name."""

    source: str
    sha256: dict[str, str]  # of each file, as it was published
    bytes: int
    date: str


def weights_folder() -> Path:
    """The folder that holds all of them; it may not be there yet."""
    return user_cache_path("betalens") / "weights"


def read_ledger() -> dict[str, Fetched]:
    """What was fetched so far, by name."""
    try:
        found = json.loads((weights_folder() / LEDGER).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def fetched_weights(name: str) -> Path | None:
    """The folder of the weights of that name, where they were fetched and are still there."""
    folder = weights_folder() / name
    return folder if name in read_ledger() and folder.is_dir() else None
