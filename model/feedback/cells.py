"""How a flag is written as a row of CSV that a spreadsheet, pandas and fine-tuning all read.

A file begins with a byte-order mark: without it Excel takes UTF-8 for the local code page and garbles β and 肺;
pandas skips it. A row ends in CR LF and a cell never contains CR (it is written as \\u000d), so the last CR LF in a
file is the end of the last whole row. In-cell line breaks stay LF, as a spreadsheet has them. Text is written as it
is, everything else as JSON.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import fields

from model.errors import FeedbackError
from model.feedback.record import TEXT, Flag

SCHEMA = 2  # goes up when columns change; a row says which it was written by
MAX_ROW_BYTES = 4 * 2**20  # far above any comment; keeps one request from filling the disk
END = b"\r\n"
COLUMNS = ("flag_id", "schema", *(f.name for f in fields(Flag)[1:]))  # the id first: it is found without parsing a row
HEADER = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + END
# Schema 1 lacked the last four columns: what `upgraded` writes in them.
ADDED = b",false,[],[],"
HEADER_1 = b"\xef\xbb\xbf" + ",".join(COLUMNS[:-4]).encode() + END

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would make one long report hide every row


def encode(flag: Flag) -> bytes:
    """One row.

    Raises:
        FeedbackError: it is too long to be kept.
    """
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=END.decode()).writerow(map(escape, cells(flag).values()))
    row = line.getvalue().encode()
    if len(row) > MAX_ROW_BYTES:
        raise FeedbackError(f"The flag was not saved: it has {len(row):,} bytes, at most {MAX_ROW_BYTES:,} are kept.")
    return row


def decode_all(data: bytes, name: str) -> Iterator[Flag]:
    """The flags of whole rows under this version's header.

    Args:
        name: of the file, for the error.

    Raises:
        FeedbackError: a row was changed by hand into something that is none.
    """
    number = 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        for number, row in enumerate(reader, 1):
            if number > 1:
                yield flag_of(dict(zip(COLUMNS, map(unescape, row), strict=True)))
    except (ValueError, TypeError, csv.Error, FeedbackError):  # no cause in the text: it could quote a report
        raise FeedbackError(f"Row {number} of {name} is not a flag of this version: restore or remove it.") from None


def cells(flag: Flag) -> dict[str, str]:
    """Column to text."""
    values = {name: getattr(flag, name) for name in COLUMNS if name != "schema"}
    written = {k: v if k in TEXT else json.dumps(v, ensure_ascii=False) for k, v in values.items()}
    return {name: written.get(name, str(SCHEMA)) for name in COLUMNS}


def flag_of(cells: dict[str, str]) -> Flag:
    """The flag of what `cells` gave.

    Raises:
        ValueError, FeedbackError: they are no flag's, or a newer version's.
    """
    if not 1 <= int(cells["schema"]) <= SCHEMA:
        raise ValueError("written by another version")
    return Flag(**{k: v if k in TEXT else json.loads(v) for k, v in cells.items() if k != "schema"})


def check_header(start: bytes, name: str) -> None:
    """
    Raises:
        FeedbackError: neither this version nor an older one began the file.
    """
    if not start.startswith((HEADER, HEADER_1)):
        raise FeedbackError(
            f"{name} does not begin with the columns that this version writes: another program or version "
            "changed it; move it aside, and a new one is begun."
        )


def upgraded(data: bytes) -> bytes:
    """Whole rows of any schema under the header of this one. Nothing is parsed, so nothing can be misread."""
    if not data.startswith(HEADER_1):
        return data
    return HEADER + data[len(HEADER_1) :].replace(END, ADDED + END)


# A cell that begins like a formula would run in a spreadsheet, so it gets an apostrophe in front, and so does one that
# begins with an apostrophe: reading takes exactly one off. Characters that CSV or UTF-8 cannot carry, and the
# backslash that marks them, are written as \uXXXX and \\.
FORMULA = tuple("'=+-@\t\n＝＋－＠")
UNSAFE = re.compile("[\\\\\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def escape(text: str) -> str:
    """A cell that any spreadsheet shows as text."""
    text = plain(text)
    return "'" + text if text.startswith(FORMULA) else text


def unescape(cell: str) -> str:
    """The text that `escape` was given."""
    return typed(cell.removeprefix("'"))


def plain(text: str) -> str:
    """Text that UTF-8 can carry, without controls."""
    return UNSAFE.sub(lambda m: "\\\\" if m[0] == "\\" else f"\\u{ord(m[0]):04x}", text)


def typed(text: str) -> str:
    """The text that `plain` was given."""
    return ESCAPED.sub(lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)), text)
