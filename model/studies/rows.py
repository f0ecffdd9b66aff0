"""The rows of a CSV with the lines they stand on, and the files they name: what is wrong is said row by row.

A line is where a row begins: a report may hold line breaks, so it is not the number of the row. Files are looked up
folder by folder, which takes a second for 100,000 rows.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from model.errors import StudyTableError

NAN = {"nan", "<na>", "null", "#n/a"}  # how an absent number is written; a finding may be called NA
MOSTLY = 0.8  # of rows that name one finding, in a table where every row is meant to

# Bytes that are no UTF-8 become surrogates, so that one report in another encoding costs one row.
ENCODING, ERRORS = "utf-8-sig", "surrogateescape"

OUTSIDE = "its image lies outside the folder of the table"
EMPTY = "its image is empty (0 bytes)"
MISSING = "its image is missing"

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would make one long report end the reading


class Skipped(NamedTuple):
    """A row that could not be used: its line in the file, and why."""

    line: int
    why: str


def stream_rows(
    path: Path, lines: Iterable[str], required: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]] | Skipped]:
    """The rows of a CSV one by one, with the line that each begins on; those that cannot be read, in their place.

    Args:
        path: for the error's sentence alone.
        lines: decoded with ENCODING and ERRORS, their ends as they came.

    Raises:
        StudyTableError: it is empty, or lacks a required column.
    """
    records = _records(lines)
    header = next(records, None)
    if header is None or isinstance(header, Skipped):
        raise StudyTableError(f"{path} cannot be read as a CSV of studies: it has no names of columns.")
    columns = header[1]
    if missing := [c for c in required if c not in columns]:
        raise StudyTableError(f"{path} lacks the column {missing[0]!r}; expected {', '.join(required)}.")
    for record in records:
        if isinstance(record, Skipped):
            yield record
        elif why := _misread(record[1], columns):
            yield Skipped(record[0], why)
        else:
            yield record[0], dict(zip(columns, record[1], strict=True))


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]] | Skipped]:
    """Each record with the line it begins on; blank lines are none."""
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            taken = f", so it takes in all up to line {reader.line_num}" if reader.line_num > line else ""
            yield Skipped(line, f"its quotation marks do not match{taken}; write one inside a cell twice")
            continue
        if any(cells):
            yield line, cells


def _misread(cells: list[str], columns: list[str]) -> str | None:
    if len(cells) != len(columns):
        return f"it has {len(cells)} cells, not {len(columns)}; put a cell that holds commas in quotation marks"
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return "its text is not in UTF-8; save the table as UTF-8"
    return None


def label_is_missing(labels: Iterable[str]) -> list[bool]:
    """Which cells of a column of labels say nothing, not even that there is no finding.

    NaN always does. An empty cell means no finding, unless the others show that every row is meant to name exactly
    one: no cell joins findings by `|`, there are several findings, and four rows in five name one.
    """
    cells = [cell.strip() for cell in labels]
    nan = [cell.lower() in NAN for cell in cells]
    named = [cell for cell, absent in zip(cells, nan, strict=True) if cell and not absent]
    exactly_one = not any("|" in c for c in named) and len(set(named)) > 1 and len(named) >= MOSTLY * len(cells)
    return [absent or (exactly_one and not cell) for cell, absent in zip(cells, nan, strict=True)]


class Files:
    """The files below a folder, listed as they are asked for."""

    def __init__(self, folder: Path):
        self.folder = Path(os.path.abspath(folder))
        self._root = self.folder.resolve()
        self._listed = lru_cache(maxsize=None)(self._list)

    def why_unusable(self, name: str) -> str | None:
        """Why the file of that name, relative to the folder or absolute, cannot be used; None where it can."""
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


def skipped_in_words(name: str, skipped: tuple[Skipped, ...]) -> list[str]:
    """A line for each reason, with every line of the table that it holds for; nothing where all rows are usable."""
    if not skipped:
        return []
    reasons = Counter(s.why for s in skipped)
    head = f"{name}: {len(skipped):,} {'row is' if len(skipped) == 1 else 'rows are'} left out, the rest is used"
    return [head, *(f"  {_ranges([s.line for s in skipped if s.why == why])}: {why}" for why in reasons)]


def _ranges(lines: list[int]) -> str:
    """line 3; lines 3, 7-9"""
    runs: list[list[int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ("lines " if len(lines) > 1 else "line ") + ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)
