"""A table of studies from a path, or the embedded demo's."""

from pathlib import Path

from model.studies.demo.table import open_demo
from model.studies.table import StudyTable, read_table


def open_studies(path: Path | None) -> StudyTable:
    """Read a table of studies; the embedded demo where no path is given.

    Rows that cannot be used are left out and named in `skipped`.

    Raises:
        StudyTableError: the file is missing, is no such table, or has no usable row.
    """
    return open_demo() if path is None else read_table(path)
