"""What a store of flags does, wherever it keeps them."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from model.errors import FeedbackError, TakenError
from model.feedback.cells import HEADER, encode, records
from model.feedback.record import COLUMNS, PURGED, Flag
from model.feedback.trouble import Trouble
from model.inputs import Film, report_name
from model.storage.spreadsheet import unescape

SHA256 = re.compile("[0-9a-f]{64}")
TELLING = 6  # characters of an id that is looked for in what is no row: a shorter one is in many


class Read(NamedTuple):
    """What a store holds."""

    flags: tuple[Flag, ...] = ()  #: every one once, in the order of saving
    troubles: tuple[Trouble, ...] = ()  #: what may hide others


class Purged(NamedTuple):
    """What a purge took out."""

    rows: int  #: how many
    flags: tuple[str, ...]  #: ids of those that were flags
    files: tuple[str, ...] = ()  #: films and what was derived from them, by their names in the store


class Store(Protocol):
    """Flags, and the films that belong to no table of studies. Each method raises FeedbackError where it fails.

    Attributes:
        troubles: what the last `read` found, without reading anew.
        look_every: seconds between two looks for others; what a look costs decides.
    """

    troubles: tuple[Trouble, ...] = ()
    look_every: float

    def append(self, flag: Flag) -> str:
        """`save`; the id."""
        return self.save(flag).flag_id

    def save(self, flag: Flag) -> Flag:
        """Save `flag`, and return once it is on the disk what stands under its id: it, or the same flag that was saved
        before.

        Raises:
            TakenError: another flag stands under its id.
        """
        ...

    def rows(self) -> list[Flag]:
        """The flags of `read`."""
        return list(self.read().flags)

    def read(self) -> Read:
        """All that can be read, and what cannot."""
        ...

    def count(self) -> int:
        """How many flags there are."""
        ...

    def keep_film(self, film: Film) -> None:
        """Keep a copy of `film` under its SHA-256, so that a flag on it can be opened and learned from."""
        ...

    def film(self, sha256: str) -> Film | None:
        """The copy, or None where there is none."""
        ...

    def take_out(self, study_id: str = "", flag_id: str = "") -> Purged:
        """Take out the content of every row that `trace` finds and the copies of its films.

        Of a row its id and time remain, so that a retry does not bring it back. It is safe while others append; who
        purges twice finds nothing.
        """
        ...


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


def agreed(flag: Flag, found: Flag | None) -> Flag:
    """What stands under the id of `flag`, where `found` was there before it.

    Raises:
        TakenError: something else.
    """
    if found is None:
        return flag
    # Of what was purged id and time are left; a retry of it carries both.
    if found.verdict == PURGED and found.time_utc != flag.time_utc:
        raise TakenError
    if found.verdict != PURGED and not flag.repeats(found):
        raise TakenError(found)
    return found


class Trace(NamedTuple):
    """What a store keeps of a study, or of one verdict."""

    study_id: str
    films: frozenset[str]  # the SHA-256 of each that is its
    reports: frozenset[str]
    flags: frozenset[str]  # ids of its rows

    def holds(self, row: Flag) -> bool:
        """Whether the row is among them, or of a film or report of its that was sent apart, or takes back such a
        row."""
        if row.verdict == PURGED:
            return False
        film = row.image_sha256
        apart = not row.study_id and (film in self.films if film else row.report in self.reports)
        its = bool(self.study_id) and row.study_id == self.study_id
        return its or apart or row.flag_id in self.flags or row.undoes in self.flags

    def names(self, row: bytes) -> bool:
        """Whether a row that is no flag, or the beginning of one, names it: in the cells that do so, or anywhere where
        it has more or fewer of them."""
        text = row.decode("utf-8", "replace")
        found = next(records(text), [])
        cells = {name: unescape(cell) for name, cell in zip(COLUMNS, found, strict=False)}
        ids = {cells.get("flag_id", ""), cells.get("undoes", "")}
        if (self.study_id and cells.get("study_id") == self.study_id) or ids & self.flags:
            return True
        if not cells.get("study_id") and cells.get("image_sha256") in self.films:
            return True
        named = {name for name in (self.study_id, *self.flags) if len(name) >= TELLING}
        return len(found) != len(COLUMNS) and any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text) for n in named)


def trace(rows: Iterable[Flag], study_id: str = "", flag_id: str = "") -> Trace:
    """What is kept of a case, by what the page calls it: a study's id, film-XXXXXXXXXXXX of an uploaded film, by its
    SHA-256, report-XXXXXXXXXXXX of a report alone, by its own. Or of one verdict, by its id.

    Raises:
        FeedbackError: nothing is named.
    """
    if not (study_id or flag_id):
        raise FeedbackError("A purge needs the id of a study, or of a verdict: name one.")
    rows = [row for row in rows if row.verdict != PURGED]
    hers = [row for row in rows if (study_id and study_id in (row.case, row.film)) or row.flag_id == flag_id]
    films = {row.image_sha256 for row in hers if SHA256.fullmatch(row.image_sha256)}
    reports = {row.report for row in hers if row.case == study_id == report_name(row.report)}
    found = Trace(study_id, frozenset(films), frozenset(reports), frozenset(row.flag_id for row in hers))
    if flag_id and not study_id:  # the case of a verdict may have others
        others = {row.image_sha256 for row in rows if row.flag_id != flag_id and row.undoes != flag_id}
        found = Trace("", frozenset(films - others), frozenset(), found.flags)
    return found._replace(flags=found.flags | {row.flag_id for row in rows if found.holds(row)})
