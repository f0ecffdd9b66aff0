"""The rows of a CSV with the lines they stand on, and the files they name: what is wrong is said row by row.

A line is where a row begins: a report may hold line breaks, so it is not the number of the row. Files are looked up
folder by folder, which takes a second for 100,000 rows.
"""

import csv
import os
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from model.inputs.text import CALLED, WINDOWS, is_windows
from model.studies.csv_dialect import ERRORS, Form

OUTSIDE = "its image lies outside the folder of the table; `betalens import csv --copy` copies such images"
EMPTY = "its image is empty (0 bytes)"
MISSING = "its image is missing"
MANY = 2_000  # files in a folder above which none like a missing one is looked for


NumberedRow = tuple[int, dict[str, str]]  # the line that a row begins on, and its cells


class Skipped(NamedTuple):
    """A row that could not be used: its line in the file, and why."""

    line: int
    why: str


def stream_rows(lines: Iterable[str], form: Form) -> Iterator[NumberedRow | Skipped]:
    """The rows of a CSV one by one, with the line that each begins on; those that cannot be read, in their place.

    Args:
        lines: from the first, their ends as they came.
    """
    records = _records(lines, form)
    next(records, None)  # the names of the columns
    for record in records:
        if isinstance(record, Skipped):
            yield record
        elif why := _misread(record[1], form):
            yield Skipped(record[0], why)
        else:
            yield record[0], dict(zip(form.columns, record[1], strict=True))


def _records(lines: Iterable[str], form: Form) -> Iterator[tuple[int, list[str]] | Skipped]:
    """Each record with the line it begins on; blank lines are none."""
    lines = iter(lines)
    for _ in range(form.before):
        next(lines, None)
    reader = csv.reader(lines, strict=True, delimiter=form.delimiter)
    while True:
        line = form.before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            last = form.before + reader.line_num
            taken = f", so it takes in all up to line {last}" if last > line else ""
            yield Skipped(line, f"its quotation marks do not match{taken}; write one inside a cell twice")
            continue
        if any(cells):
            yield line, cells


def _misread(cells: list[str], form: Form) -> str | None:
    if len(cells) != len(form.columns):
        return f"it has {len(cells)} cells, not {len(form.columns)}; put a cell that holds commas in quotation marks"
    joined = "".join(cells)
    try:
        joined.encode()
    except UnicodeEncodeError:
        if form.encoding != "utf-8":
            return f"its text is not all {CALLED[form.encoding]}; save the table as UTF-8"
        likely = is_windows(joined.encode("utf-8", ERRORS["utf-8"]))
        return f"its text is not in UTF-8{f' but in {CALLED[WINDOWS]}' if likely else ''}; save the table as UTF-8"
    return None


class Files:
    """The files below a folder, listed as they are asked for.

    Args:
        anywhere: those outside of it are files like any.

    Attributes:
        renamed: names that were taken for those of files spelt otherwise, and these.
    """

    def __init__(self, folder: Path, anywhere: bool = False):
        self.folder = Path(os.path.abspath(folder))
        self.renamed: dict[str, str] = {}
        self._root = Path("/") if anywhere else self.folder.resolve()
        self._listed = cache(self._list)
        self._spelt = cache(_spelt)

    def find(self, name: str) -> tuple[str, str | None]:
        """The name of the file that is meant, relative to the folder or absolute, and why it cannot be used; None where
        it can.

        A path with backslashes, in other letter case or another form of Unicode is that of the one file like it.
        """
        why = self._why_unusable(name)
        if why != MISSING:
            return name, why
        found = self._like(name)
        if found is None or self._why_unusable(found) not in (None, EMPTY):
            return name, self._hinted(name)
        self.renamed[name] = found
        return found, self._why_unusable(found)

    def _why_unusable(self, name: str) -> str | None:
        path = os.path.normpath(os.path.join(self.folder, name))
        parent, base = os.path.split(path)
        sizes = self._listed(parent)
        if sizes is None:
            return OUTSIDE
        size = sizes.get(base)
        if size is None:
            return self._why_unlisted(Path(path))
        return None if size else EMPTY

    def _list(self, parent: str) -> dict[str, int] | None:
        """The sizes of the plain files in a folder; None where it lies outside."""
        if not Path(parent).resolve().is_relative_to(self._root):
            return None
        try:
            with os.scandir(parent) as entries:
                return {e.name: e.stat().st_size for e in entries if e.is_file(follow_symlinks=False)}
        except OSError:
            return {}

    def _why_unlisted(self, path: Path) -> str | None:
        """A link, a name that the file system takes for another, or nothing."""
        try:
            if not path.resolve().is_relative_to(self._root):
                return OUTSIDE
            if path.is_file():
                return None if path.stat().st_size else EMPTY
        except (OSError, ValueError):  # a name that no file can have
            pass
        return MISSING

    def _like(self, name: str) -> str | None:
        """The one file below the folder whose path is the same but for its spelling."""
        parts = Path(name.replace("\\", "/")).parts
        found = self.folder
        if parts and parts[0] == "/":
            found, parts = Path("/"), parts[1:]
        for part in parts:
            known = self._spelt(str(found)).get(_folded(part), [])
            if part not in known and part != ".." and len(known) != 1:
                return None
            found = found / (part if part in known or part == ".." else known[0])
        return os.path.relpath(found, self.folder) if not Path(name).is_absolute() else str(found)

    def _hinted(self, name: str) -> str:
        """That a file is missing, and which one there is of its name but for the ending."""
        path = Path(os.path.normpath(os.path.join(self.folder, name.replace("\\", "/"))))
        files = self._listed(str(path.parent)) if "\0" not in name else {}
        kin = [other for other in files or () if Path(other).stem == path.stem] if len(files or ()) < MANY else []
        return f"{MISSING}; there is {kin[0]!r}" if kin else MISSING


def _spelt(parent: str) -> dict[str, list[str]]:
    """What is in a folder, by how it is spelt."""
    by_folded: dict[str, list[str]] = {}
    try:
        for name in os.listdir(parent):
            by_folded.setdefault(_folded(name), []).append(name)
    except (OSError, ValueError):
        pass
    return by_folded


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def skipped_in_words(name: str, skipped: tuple[Skipped, ...]) -> list[str]:
    """A line for each reason, with every line of the table that it holds for; nothing where all rows are usable."""
    if not skipped:
        return []
    reasons = dict.fromkeys(s.why for s in skipped)
    head = f"{name}: {len(skipped):,} {'row is' if len(skipped) == 1 else 'rows are'} left out, the rest is used"
    return [head, *(f"  {_ranges([s.line for s in skipped if s.why == why])}: {why}" for why in reasons)]


def renamed_in_words(renamed: dict[str, str]) -> list[str]:
    """A clause on the names of files that were taken for others."""
    if not renamed:
        return []
    (name, found), *others = renamed.items()
    more = f", and so are {len(others):,} more paths" if others else ""
    return [f"{name!r} is read as {found!r}{more}"]


def _ranges(lines: list[int]) -> str:
    """line 3; lines 3, 7-9"""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ("lines " if len(lines) > 1 else "line ") + ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)
