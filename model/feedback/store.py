"""What a store of flags does, wherever it keeps them, and which store an address means."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from model.errors import FeedbackError
from model.feedback.cells import HEADER, encode
from model.feedback.record import PURGED, Flag
from model.inputs import Film

SHA256 = re.compile("[0-9a-f]{64}")


class Store(Protocol):
    """Flags, and the films that belong to no table of studies. Each method raises FeedbackError where it fails."""

    def append(self, flag: Flag) -> str:
        """Save `flag` and return its id once it is on the disk. An id already saved is acknowledged, not repeated."""

    def rows(self) -> list[Flag]:
        """Every flag once, in the order of saving."""

    def count(self) -> int:
        """How many rows there are, without reading them."""

    def keep_film(self, film: Film) -> None:
        """Keep a copy of `film` under its SHA-256, so that a flag on it can be opened and learned from."""

    def film(self, sha256: str) -> Film | None:
        """The copy, or None where there is none."""

    def purge(self, study_id: str) -> int:
        """Take out the content of every row that `trace` finds and the copies of its films; return how many rows.

        Of a row its id and time remain, so that a retry does not bring it back. It is safe while others append; who
        purges twice finds nothing.
        """


def open_store(where: str | Path, replica: str = "") -> Store:
    """The store at `where`: a folder, or postgresql+psycopg://USER@HOST/DATABASE.

    Args:
        replica: which of several servers on one folder this is; a database needs none.

    Raises:
        FeedbackError: it cannot be used.
    """
    if "://" not in str(where):
        from model.feedback.folder import FeedbackStore

        return FeedbackStore(where, replica)
    try:
        from model.feedback.sql import SqlStore

        return SqlStore(str(where))
    except ImportError:
        raise FeedbackError("Flags in PostgreSQL need two packages more: pip install 'betalens[postgres]'.") from None


def as_csv(flags: Iterable[Flag]) -> bytes:
    """The table that a folder's flags.csv is, of any store's flags."""
    return HEADER + b"".join(map(encode, flags))


def refuse_tombstone(flag: Flag) -> None:
    """
    Raises:
        FeedbackError: the flag is what a purge leaves.
    """
    if flag.verdict == PURGED:
        raise FeedbackError("The flag was not saved: 'purged' is what a purge leaves, not a verdict.")


class Trace(NamedTuple):
    """What a store keeps of a study."""

    study_id: str
    films: frozenset[str]  # the SHA-256 of each
    flags: frozenset[str]  # ids of its rows

    def holds(self, row: Flag) -> bool:
        """Whether the row is the study's, or of a film of its that was uploaded apart, or takes back such a row."""
        apart = not row.study_id and row.image_sha256 in self.films
        return row.study_id == self.study_id or apart or row.undoes in self.flags


def trace(rows: Iterable[Flag], study_id: str) -> Trace:
    """What is kept of a study, or of an uploaded film, which the page calls film-XXXXXXXXXXXX by its SHA-256.

    Raises:
        FeedbackError: no study is named.
    """
    if not study_id:
        raise FeedbackError("A purge needs the id of a study: name one.")
    rows = list(rows)
    films = {row.image_sha256 for row in rows if study_id in (row.study_id, f"film-{row.image_sha256[:12]}")}
    found = Trace(study_id, frozenset(filter(SHA256.fullmatch, films)), frozenset())
    return found._replace(flags=frozenset(row.flag_id for row in rows if found.holds(row)))
