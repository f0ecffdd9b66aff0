"""How a flag is written as a row of CSV that a spreadsheet, pandas and fine-tuning all read.

A file begins with a byte-order mark: without it Excel takes UTF-8 for the local code page and garbles β and 肺;
pandas skips it. A row ends in CR LF and a cell never contains CR (it is written as \\u000d), so the last CR LF in a
file is the end of the last whole row. In-cell line breaks stay LF, as a spreadsheet has them. Text is written as
`model.storage.spreadsheet` has it, everything else as JSON; what a spreadsheet makes of JSON when it saves is read too.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from model.errors import FeedbackError
from model.feedback.record import ADDED, COLUMNS, SCHEMA, TEXT, Flag
from model.storage.spreadsheet import escape, unescape

MAX_ROW_BYTES = 4 * 2**20  # far above any comment; keeps one request from filling the disk
END = b"\r\n"
MARK = b"\xef\xbb\xbf"
HEADER = MARK + ",".join(COLUMNS).encode() + END
# As spreadsheets of some languages write what was true or false.
YES = ("true", "wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "1")
NO = ("false", "falsch", "faux", "falso", "onwaar", "0")
SPOKEN = {said: said in YES for said in YES + NO}
# What reading what is no flag ends in. No cause of it belongs into a message: it could quote a report.
NO_FLAG = (ValueError, TypeError, KeyError, RecursionError, csv.Error, FeedbackError)

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would make one long report hide every row


def encode(flag: Flag, schema: int = SCHEMA) -> bytes:
    """One row.

    Args:
        schema: that the flag was first written by.

    Raises:
        FeedbackError: it is too long to be kept.
    """
    row = record(escape(text) for text in (cells(flag) | {"schema": str(schema)}).values())
    if len(row) > MAX_ROW_BYTES:
        raise FeedbackError(f"The flag was not saved: it has {len(row):,} bytes, at most {MAX_ROW_BYTES:,} are kept.")
    return row


def record(row: Iterable[str]) -> bytes:
    """Cells as one row."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=END.decode()).writerow(row)
    return line.getvalue().encode("utf-8", "surrogateescape")  # bytes of a row that is no flag stay as they are


def records(text: str, separator: str = ",", strict: bool = False):
    """The rows of a CSV, as csv.reader gives them."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)


def decode(row: bytes) -> Flag:
    """The flag of one row of this version, with or without its end.

    Raises:
        One of NO_FLAG.
    """
    (found,) = records(row.decode(), strict=True)
    return flag_of({name: unescape(cell) for name, cell in zip(COLUMNS, found, strict=True)})


def cells(flag: Flag) -> dict[str, str]:
    """Column to text."""
    written = {k: v if k in TEXT else json.dumps(v, ensure_ascii=False) for k, v in flag.by_column().items()}
    return {name: written.get(name, str(SCHEMA)) for name in COLUMNS}


def flag_of(cells: dict[str, str]) -> Flag:
    """The flag of what `cells` gave; columns that an older version lacked may be missing.

    Raises:
        One of NO_FLAG: they are no flag's, or a newer version's.
    """
    if not 1 <= schema_of(cells) <= SCHEMA:
        raise ValueError("written by another version")
    return Flag(**{name: _value(name, text) for name, text in cells.items() if name != "schema"})


def schema_of(cells: dict[str, str]) -> int:
    """Of the version that wrote the row.

    Raises:
        ValueError: it is none.
    """
    return int(float(cells["schema"]))


def _value(name: str, text: str) -> Any:
    if name in TEXT:
        return text
    if name == "blind" and text.strip().lower() in SPOKEN:
        return SPOKEN[text.strip().lower()]
    if name in ADDED and not text:  # an editor that leaves empty cells out at the end of a row
        return Flag.model_fields[name].default
    if name == "beta":
        text = text.replace(",", ".")  # the decimal sign of half the world
    return json.loads(text)
