"""The column of labels: which findings each cell names, in one spelling for all of them.

Findings are joined by `|`. What else joins them is taken as meant where that is certain: a list as Python or JSON
writes it, a `;`, and a comma where each part stands alone elsewhere. NaN and its like mean that nothing is known. An
empty cell means no finding, unless the others show that every row is meant to name exactly one; `|` alone always does.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from model.studies.names import NAMED, Spellings, first_few, is_missing, tidy

MOSTLY = 0.8  # of rows that name one finding, in a table where every row is meant to
NONE = "|"  # a cell that says that there is no finding, whatever the others say
UNKNOWN = "its label is missing (empty or NaN)"

_LIST = re.compile(r"\s*[\[({](.*)[\])}]\s*", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


class ReadLabel(NamedTuple):
    """What a cell says: its findings in the order of the cell, or why that cannot be told."""

    findings: tuple[str, ...]
    why: str = ""


class Labels:
    """How the cells of a column of labels are read, once all of them were seen.

    Attributes:
        notes: what was taken as meant, a clause each.
        exactly_one: whether every row is meant to name one finding, so that an empty cell says nothing.
    """

    def __init__(self, cells: Iterable[str]):
        counts = Counter(cells)
        self._alone = {tidy(name) for cell in counts for name in cell.split("|")}
        parts = {cell: self._parts(cell) for cell in counts}
        names = Counter()
        for cell, n in counts.items():
            names.update(dict.fromkeys(parts[cell] or (), n))
        self._spellings = Spellings(names)
        self.exactly_one = _names_exactly_one(counts, parts)
        self._read = {cell: self._meant(cell, found) for cell, found in parts.items()}
        self.notes = self._noted(parts)

    def of(self, cell: str) -> ReadLabel:
        """What a cell of the column says."""
        return self._read[cell]

    def _parts(self, cell: str) -> list[str] | None:
        """The names in a cell as they are written; None where nothing is known."""
        names = [part for name in cell.split("|") for part in self._cut(name)]
        known = [tidy(name) for name in names if not is_missing(name)]
        return known if known or not any(name.strip() for name in names) else None

    def _cut(self, name: str) -> list[str]:
        """The findings in a part of a cell that holds no bar."""
        if listed := _LIST.fullmatch(name):
            quoted = [a or b for a, b in _QUOTED.findall(listed[1])]
            return quoted or _cut_at(listed[1], ",")
        if len(parts := _cut_at(name, ";")) > 1:
            return parts
        parts = _cut_at(name, ",")
        return parts if parts and all(tidy(part) in self._alone for part in parts) else [name]

    def _meant(self, cell: str, parts: list[str] | None) -> ReadLabel:
        if parts is None or (self.exactly_one and not cell.strip()):
            return ReadLabel((), UNKNOWN)
        for name in parts:
            cut = _cut_at(name, ",")
            known = [part for part in cut if tidy(part) in self._alone]
            if len(cut) > 1 and known:
                why = f"its label {name[:60]!r} may be one finding or, as {known[0]!r} is one, several; join them by |"
                return ReadLabel((), why)
        return ReadLabel(tuple(dict.fromkeys(map(self._spellings.of, parts))))

    def _noted(self, parts: dict[str, list[str] | None]) -> list[str]:
        notes = []
        if cut := [c for c, found in parts.items() if len(found or ()) > sum(map(bool, map(str.strip, c.split("|"))))]:
            notes.append(f"labels such as {_some(cut)} are read as several findings; findings are joined by |")
        notes += [f"{_some(spelt)} is read as the finding {n!r}" for n, spelt in self._spellings.joined().items()]
        findings = {finding for read in self._read.values() for finding in read.findings}
        if commas := sorted(f for f in findings if len(_cut_at(f, ",")) > 1):
            notes.append(f"{_some(commas)} is read as one finding; several are joined by |")
        return notes


def _names_exactly_one(counts: Counter[str], parts: dict[str, list[str] | None]) -> bool:
    """Whether every row is meant to name one finding: none names several, there are several, four in five name one."""
    named = {cell: found for cell, found in parts.items() if found}
    if any(len(found) > 1 for found in named.values()) or len({found[0] for found in named.values()}) < 2:
        return False
    return sum(counts[cell] for cell in named) >= MOSTLY * counts.total()


def _cut_at(name: str, mark: str) -> list[str]:
    return [part.strip() for part in name.split(mark) if part.strip()]


def _some(names: list[str]) -> str:
    return first_few([repr(name[:60]) for name in names], NAMED)
