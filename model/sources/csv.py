"""A CSV with the columns study_id, image, report and label.

Findings in a label are joined by |. An image is a path from the CSV's folder, a report its text; one of both may be
empty. patient_id and split (train, val or test) are kept where the CSV has them, and so are all other columns.
"""

from collections.abc import Iterator
from pathlib import Path

from model.data import REQUIRED, SPLITS
from model.errors import StudyTableError
from model.rows import ENCODING, ERRORS, NAN, Skipped, stream_rows
from model.sources.base import LeftOut, Progress, Reason, Record, Source

PATH = "A CSV of studies."
KNOWN = (*REQUIRED, "patient_id", "split")


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The rows of a CSV.

    Raises:
        StudyTableError: it cannot be read, or lacks a column; or reports are named.
    """
    if reports:
        raise StudyTableError("A CSV of studies holds its reports: leave --reports out.")
    total, columns = 0, ()
    for row in read(path, REQUIRED):
        total += 1
        columns = columns or (() if isinstance(row, Skipped) else tuple(c for c in row[1] if c not in KNOWN))
    return Source(path.parent, _records(path, columns), total, columns)


def read(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]] | Skipped]:
    """The rows of a CSV as they are read.

    Raises:
        StudyTableError: it cannot be read, or lacks a column.
    """
    try:
        with path.open(encoding=ENCODING, errors=ERRORS, newline="") as file:
            yield from stream_rows(path, file, required)
    except OSError as error:
        raise StudyTableError(f"{path} cannot be read as a CSV of studies: {error.strerror}.") from error


def stated_label(cell: str) -> str | None:
    """The label of a cell; None for NaN."""
    return None if cell.strip().lower() in NAN else cell.strip()


def _records(path: Path, columns: tuple[str, ...]) -> Iterator[Record | LeftOut]:
    for row in read(path, REQUIRED):
        where = f"line {row[0]}"
        if isinstance(row, Skipped):
            yield LeftOut(where, Reason.ROW, row.why)
            continue
        cells = row[1]
        split = cells.get("split", "")
        if split not in ("", *SPLITS):
            yield LeftOut(where, Reason.ROW, f"its split is {split[:20]!r}, not one of {', '.join(SPLITS)}")
            continue
        yield Record(
            where=where,
            study_id=cells["study_id"],
            patient_id=cells.get("patient_id") or cells["study_id"],
            image=cells["image"],
            report=cells["report"],
            label=stated_label(cells["label"]),
            split=split,
            more={column: cells[column] for column in columns},
        )
