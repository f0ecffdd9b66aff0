"""How a table is written: its encoding, what separates its cells, and which of its columns are which.

What spreadsheets and scripts write is read as it is meant where that is certain, and said: `;` or tabs for commas,
Excel's line `sep=;`, UTF-16, and names of columns in other letter case or with blanks.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from model.errors import StudyTableError
from model.inputs.text import CALLED, LOOKED_AT, kind_of_text, unicode_of
from model.studies.names import key, nearest, tidy

DELIMITERS = {",": ",", ";": ";", "\t": "tabs", "|": "|"}
# Bytes that are no text become surrogates, so that one report in another encoding costs one row.
ERRORS = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}

NEARLY = 0.82  # alike enough to be meant for an optional column: `patient` for patient_id, but not `patient_age`

_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE | re.DOTALL)

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would make one long report end the reading


class HeaderColumns(NamedTuple):
    """The columns that a table must and may have. Others are its own affair, unless they are nearly an optional one."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    further: tuple[str, ...] = ()  # optional ones that others may well look like


class Form(NamedTuple):
    """How a table is written.

    Attributes:
        mark: the bytes before its text.
        delimiter: what separates its cells; None until it is known.
        before: the lines above its names of columns.
        columns: their names, as `HeaderColumns` has them where they are meant.
        notes: what was taken as meant, a clause each.
    """

    encoding: str
    mark: int
    delimiter: str
    before: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]

    def text(self, file: BinaryIO) -> io.TextIOWrapper:
        """The text from where a file stands, line ends as they came."""
        return io.TextIOWrapper(file, self.encoding, ERRORS[self.encoding], newline="")

    def length(self, line: str) -> int:
        """Of a line, in bytes."""
        return len(line.encode(self.encoding, ERRORS[self.encoding]))


def form_of(path: Path, file: BinaryIO, known: HeaderColumns) -> Form:
    """The form of a table, from the start of its file.

    Args:
        path: for the error's sentence alone.

    Raises:
        StudyTableError: it is no table, lacks a required column, or names one twice or nearly.
    """
    start = file.read(LOOKED_AT)
    if what := kind_of_text(start):
        raise StudyTableError(f"{path} is no CSV but {what}: save the table as CSV in UTF-8.")
    encoding, mark = unicode_of(start)
    file.seek(mark)
    form = Form(encoding, mark, "", 0, (), () if encoding == "utf-8" else (f"it is read as {CALLED[encoding]}",))
    lines = form.text(file)
    try:
        first = lines.readline()
        stated = _SEPARATOR.fullmatch(first)
        header = [first if not stated else "", *lines.readlines(LOOKED_AT)]
    except UnicodeDecodeError as error:
        raise StudyTableError(f"{path} is no text in {CALLED[encoding]}: save the table as CSV in UTF-8.") from error
    finally:
        lines.detach()
    delimiter, names = _header(header, stated and stated[1], known)
    if not names:
        raise StudyTableError(f"{path} cannot be read as a CSV of studies: it has no names of columns.")
    columns, notes = _named(path, names, delimiter, known)
    if delimiter != ",":
        notes = (f"its cells are separated by {DELIMITERS.get(delimiter, delimiter)}", *notes)
    return form._replace(delimiter=delimiter, before=bool(stated), columns=columns, notes=(*form.notes, *notes))


def _header(lines: list[str], stated: str | None, known: HeaderColumns) -> tuple[str, list[str]]:
    """What separates the cells, and the names of the columns: by the delimiter under which most are known."""
    read = {d: _first_record(lines, d) for d in ([stated] if stated else DELIMITERS)}
    wanted = {_bare(name) for name in known.required}
    best = max(read, key=lambda d: len(wanted & {_bare(name) for name in read[d]}))
    return best, read[best]


def _first_record(lines: Iterable[str], delimiter: str) -> list[str]:
    try:
        return next((cells for cells in csv.reader(lines, delimiter=delimiter) if any(cells)), [])
    except csv.Error:
        return []


def _bare(name: str) -> str:
    return key(name).replace(" ", "")


def _named(
    path: Path, names: list[str], delimiter: str, known: HeaderColumns
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the columns as they are meant, and what was taken so."""
    meant = {_bare(name): name for name in sum(known, ())}
    columns = [meant.get(_bare(name), tidy(name)) for name in names]
    for name, times in Counter(columns).items():
        if times > 1 and _bare(name) in meant:
            written = ", ".join(repr(n) for n, c in zip(names, columns, strict=True) if c == name)
            raise StudyTableError(f"{path} has the column {name!r} {times} times ({written}): leave one.")
    others = [name for name in columns if name not in meant.values()]
    if missing := [name for name in known.required if name not in columns]:
        near = nearest(missing[0], others)
        shown = ", ".join(repr(n[:40]) for n in names[:12])
        raise StudyTableError(
            f"{path} lacks the column {missing[0]!r}; expected {', '.join(known.required)}, separated by commas. "
            + (f"Rename its column {near!r} if that is meant. " if near else "")
            + f"Separated by {DELIMITERS.get(delimiter, delimiter)}, it has: {shown}."
        )
    for name in known.optional:
        if name not in columns and (near := nearest(name, others, NEARLY)):
            raise StudyTableError(
                f"{path} has no column {name!r} but one called {near!r}: rename it to {name!r} if that is meant, or "
                "else to what looks less like it."
            )
    notes = [
        f"the column {n!r} is read as {c!r}"
        for n, c in zip(names, columns, strict=True)
        if c != n and c in meant.values()
    ]
    # Further columns of one name are numbered, so that none is lost.
    times = [columns[: i + 1].count(name) for i, name in enumerate(columns)]
    distinct = tuple(name if n == 1 else f"{name}.{n}" for name, n in zip(columns, times, strict=True))
    return distinct, tuple(notes)
