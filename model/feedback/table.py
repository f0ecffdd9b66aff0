"""The rows of a file of flags: as this version writes it, as a crash left it, or as it came back from an editor.

An editor may write LF for CR LF, another separator, another encoding, quotes around everything, FALSE for false, no
line end after the last row. Such a file is read by the names of its columns. What is no flag in it, or in a file of
ours, is kept as it stands and named by its place; a file of which nothing can be read is refused as a whole.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from model.errors import FeedbackError
from model.feedback.cells import END, HEADER, MARK, NO_FLAG, decode, encode, flag_of, record, records, schema_of
from model.feedback.record import ADDED, COLUMNS, UNDO, Flag
from model.storage.spreadsheet import escape, unescape

SEPARATORS = ",;\t|"
# What a spreadsheet makes of a long number.
ROUNDED = re.compile(r"\d([.,]\d+)?E[+-]?\d+")
NUMBER = "a study id that was rounded as a number"
CHANGED = "a study id that was changed and is told by the table of studies"
GARBLED = re.compile("[\udc80-\udcff]")
SAID = 5  # rows that a sentence names
NOTHING = b' \t\r\n,;|"'


class UnreadableError(FeedbackError):
    """Nothing of a file can be read as flags."""


class Row(NamedTuple):
    """A row of a file."""

    data: bytes  #: as a file of this version has it, with its end
    flag: Flag | None  #: None: it is no flag
    number: int  #: as a spreadsheet counts them, from 1, which is the header
    line: int  #: of the file, on which it begins, from 1

    @property
    def bad(self) -> bool:
        """Whether it says something, and is no flag."""
        return self.flag is None and bool(self.data.strip(NOTHING))


class Table(NamedTuple):
    """The rows of a file, and what is to be done before another one may follow them."""

    rows: tuple[Row, ...] = ()
    foreign: bool = False  #: somebody else wrote it: it is to be written anew
    lost: str = ""  #: what of a foreign file the rows do not hold, as a sentence
    torn: bytes = b""  #: the beginning of a row, at the end of the file
    open: bool = False  #: the last row lacks its end

    @property
    def flags(self) -> list[Flag]:
        return [row.flag for row in self.rows if row.flag]

    def as_file(self) -> bytes:
        """A file of this version."""
        return HEADER + b"".join(row.data for row in self.rows)


def read_table(data: bytes) -> Table:
    """The rows of a file.

    Raises:
        UnreadableError: it holds something, and no flag.
    """
    if is_empty(data):
        return Table()
    own = _own(data) if data.startswith(HEADER) else None
    if own and not own.foreign:
        return own
    try:
        found = _foreign(data)
    except UnreadableError:
        if own and own.flags:
            return own._replace(foreign=False)
        raise
    # A row with one quote too many, by hand, hides what follows it where the rows are not told apart by their ends.
    if own and not own.torn and len(own.flags) >= len(found.flags):
        return own._replace(foreign=False)
    return found


def as_meant(table: Table, meant: Callable[[Flag], str]) -> Table:
    """With the ids of studies that `meant` gives; where that changes one, somebody else wrote the file."""
    rows, changed = [], []
    for row in table.rows:
        if row.flag and (study_id := meant(row.flag)) != row.flag.study_id:
            found = next(records(row.data.decode()))
            found[COLUMNS.index("study_id")] = escape(study_id)
            row = row._replace(data=record(found), flag=row.flag.changed(study_id=study_id))
            changed.append(row.number)
        rows.append(row)
    if not changed:
        return table
    lost = "; ".join(filter(None, (table.lost, f"{CHANGED} in {listed(changed)}")))
    return table._replace(rows=tuple(rows), foreign=True, lost=lost)


def is_empty(data: bytes) -> bool:
    """Whether the file ended before its first row could begin; nothing at all counts."""
    return len(data) < len(HEADER) and HEADER.startswith(data)


def is_one_row(chunk: bytes) -> bool:
    """Whether bytes without CR LF are one row: their quotes are even, and no line ends between cells."""
    pieces = chunk.split(b'"')
    return len(pieces) % 2 == 1 and not any(b"\n" in piece for piece in pieces[::2])


def _own(data: bytes) -> Table:
    """Of a file that begins with our header."""
    *chunks, tail = data[len(HEADER) :].split(END)
    rows, line = [], 2
    for number, chunk in enumerate(chunks, 2):
        rows.append(Row(chunk + END, _flag(chunk), number, line))
        line += chunk.count(b"\n") + 1
    table = Table(tuple(rows), foreign=not all(map(is_one_row, chunks)))
    if not tail:
        return table
    if any(b"\n" in piece for piece in tail.split(b'"')[::2]):
        return table._replace(foreign=True, torn=tail)  # rows that end in LF
    last = Row(tail.removesuffix(b"\r") + END, _flag(tail.removesuffix(b"\r")), len(rows) + 2, line)
    if _is_whole(last, rows) or not tail.strip(NOTHING):
        return table._replace(rows=(*rows, last), open=True)
    return table._replace(torn=tail)


def _is_whole(last: Row, rows: list[Row]) -> bool:
    """Whether a row without an end is all of one. Where it takes another one back, it ends in the id of that, of which
    a crash may have left the beginning."""
    if last.flag is None or last.flag.verdict != UNDO:
        return last.flag is not None
    named = [row.flag.flag_id for row in rows if row.flag and row.flag.flag_id.startswith(last.flag.undoes)]
    return named == [last.flag.undoes]


def _flag(chunk: bytes) -> Flag | None:
    try:
        return decode(chunk)
    except NO_FLAG:
        return None


def _foreign(data: bytes) -> Table:
    """Of a file that somebody else wrote, or an older version."""
    text, encoding = _decoded(data)
    text = re.sub(r"\Asep=.\r?\n", "", text)
    names, separator = _header(text)
    rows, beyond, rounded = [], [], []
    for number, line, found in _records(records(text, separator)):
        cells = {name: re.sub("\r\n?", "\n", cell) for name, cell in zip(names, found, strict=False)}
        if any(found[len(names) :]) or any(cell for name, cell in cells.items() if name not in COLUMNS):
            beyond.append(number)
        if ROUNDED.fullmatch(cells.get("study_id", "")):
            rounded.append(number)
        rows.append(_taken_over(cells, number, line))
    if not any(row.flag for row in rows) and any(row.bad for row in rows):
        raise UnreadableError
    lost = [f"it was in {encoding}, which lacks some signs"] if encoding else []
    lost += [f"{said} in {listed(of)}" for said, of in (("cells beyond our columns", beyond), (NUMBER, rounded)) if of]
    torn = rows.pop().data if rows and rows[-1].bad and not text.endswith(("\n", "\r")) else b""
    return Table(tuple(row for row in rows if row.flag or row.bad), True, "; ".join(lost), torn)


def numbered(numbers: Sequence[int]) -> str:
    """Numbers of rows, of many the first."""
    return ", ".join(map(str, numbers[:SAID])) + (f" and {len(numbers) - SAID} more" if len(numbers) > SAID else "")


def listed(numbers: Sequence[int]) -> str:
    """The same, and that they are rows."""
    return f"row{'s' * (len(numbers) > 1)} {numbered(numbers)}"


def _taken_over(cells: dict[str, str], number: int, line: int) -> Row:
    ours = {name: cells.get(name, "") for name in COLUMNS}
    try:
        given = {name: unescape(cell) for name, cell in cells.items() if name in COLUMNS}
        if any(map(GARBLED.search, given.values())):
            raise ValueError
        flag = flag_of(given)
        return Row(encode(flag, schema_of(given)), flag, number, line)
    except NO_FLAG:
        return Row(record(ours.values()), None, number, line)


def _records(reader) -> Iterator[tuple[int, int, list[str]]]:
    """Number, line and cells of each record after the header."""
    line, number = 1, 0
    try:
        for number, found in enumerate(reader, 1):
            if number > 1 and any(found):
                yield number, line, found
            line = reader.line_num + 1
    except csv.Error:
        raise UnreadableError from None


def _header(text: str) -> tuple[list[str], str]:
    """The names of the columns, and what stands between them."""
    for separator in SEPARATORS:
        try:
            names = [name.strip().lower() for name in next(records(text, separator), [])]
        except csv.Error:
            continue
        if set(COLUMNS) - set(ADDED) <= set(names) and len(set(names)) == len(names):
            return names, separator
    raise UnreadableError


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding where that lacks signs."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ""
        except UnicodeDecodeError:
            raise UnreadableError from None
    if data.startswith(MARK):
        return data.decode("utf-8-sig", "surrogateescape"), ""
    # Of Chinese, two bytes a sign; of what stands alone among letters, one.
    pairs = not any(len(run) % 2 for run in re.findall(b"[\x80-\xff]+", data))
    for encoding, name in (("utf-8", ""), *([("gb18030", "GB 18030")] * pairs), ("cp1252", "Windows-1252")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    raise UnreadableError
