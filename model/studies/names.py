"""Names as people write them: of columns, findings, patients. Which are meant to be the same, which is the nearest, and
which words say that nothing is known.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from model.inputs.report import INVISIBLE

# How an absent value is written: what pandas reads as one (its `na_values`), R's and Excel's among them, and dashes.
# "None" is Python's way to write that nothing is known: that there is no finding is an empty cell, or "No finding".
MISSING = frozenset(
    {"nan", "-nan", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "null", "none", "nil", "missing"}
    | {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "-", "--", "–", "—", "?"}
)
NO_FINDING = frozenset({"no finding", "no findings"})  # by `key`

NAMED = 3  # examples in a note
ALIKE = 0.75  # of difflib's ratio, from which on a name may be meant for another

_JOINING = re.compile(r"(?<=\w)[-‐‑–]+(?=\w)")


def is_missing(cell: str) -> bool:
    """Whether a cell says that nothing is known: empty, or one of MISSING."""
    return not cell.strip() or cell.strip().casefold() in MISSING


def stated(cell: str) -> str:
    """A cell as it is, or "" where it says that nothing is known."""
    return "" if is_missing(cell) else cell


def tidy(name: str) -> str:
    """A name without what is not seen: in NFC, blanks of any kind as one space each and none at its ends."""
    if name.isascii() and name.isprintable() and "  " not in name:
        return name.strip()
    shown = "".join(c for c in name if c.isspace() or unicodedata.category(c) not in INVISIBLE)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def key(name: str) -> str:
    """What names that are meant to be the same have in common, whatever their blanks, case, - and _."""
    return " ".join(_JOINING.sub(" ", tidy(name).casefold().replace("_", " ")).split())


def nearest(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """The known name that looks most like this one; None where none does."""
    by_key = {key(k): k for k in known}
    found = difflib.get_close_matches(key(name), by_key, 1, alike)
    return by_key[found[0]] if found else None


def hint(name: str, known: Sequence[str]) -> str:
    """A clause that names the nearest of the names expected, or else all of them."""
    near = nearest(name, known)
    return f"the nearest that is known is {near!r}" if near else f"known are {', '.join(known)}"


def first_few(shown: Sequence[str], most: int) -> str:
    """Texts joined by commas; of more than `most` the first, and how many more there are."""
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


class Spellings:
    """One spelling for all that are meant to be the same name: the commonest, or the first of those as common."""

    def __init__(self, counts: Counter[str]):
        by_key: dict[str, Counter[str]] = {}
        for name, n in counts.items():
            by_key.setdefault(key(name), Counter())[tidy(name)] += n
        self._chosen = {k: max(found, key=found.__getitem__) for k, found in by_key.items()}
        self._others = {k: sorted(found.keys() - {self._chosen[k]}) for k, found in by_key.items()}

    def of(self, name: str) -> str:
        """The spelling of a name that was counted."""
        return self._chosen[key(name)]

    def joined(self) -> dict[str, list[str]]:
        """Chosen spellings, with those that count as the same."""
        return {self._chosen[k]: others for k, others in self._others.items() if others}


class Patients:
    """The patients of a table, row by row. Ids that differ by blanks, letter case or a form of Unicode are one's: taken
    for several, a patient could be both learnt from and measured on."""

    def __init__(self):
        self._first: dict[str, str] = {}
        self._joined: dict[str, str] = {}  # as written, and as meant
        self._unnamed = 0

    def of(self, cell: str | None, study_id: str) -> str:
        """The patient of a row; the study stands for a patient who is not named.

        Args:
            cell: of the column of patients; None where there is none.
        """
        if cell is None:
            return study_id
        if is_missing(cell):
            self._unnamed += bool(cell.strip())
            return study_id
        name = tidy(cell)
        meant = self._first.setdefault(name.casefold(), name)
        if cell != meant:
            self._joined[cell] = meant
        return meant

    def notes(self) -> list[str]:
        """What was taken as meant, a clause each."""
        found = []
        if self._joined:
            shown = first_few([f"{cell!r} as {meant!r}" for cell, meant in self._joined.items()], NAMED)
            found.append(f"ids of patients that differ by blanks or letter case are one patient's: {shown}")
        if self._unnamed:
            rows = "row names no patient" if self._unnamed == 1 else "rows name no patient"
            found.append(f"{self._unnamed:,} {rows} (nan or its like): each counts as a patient of its own")
        return found
