"""A CSV of studies that stays on disk: its rows one by one, and a report when it is asked for."""

import csv
import hashlib
import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from model.errors import StudyTableError
from model.studies.csv_dialect import HeaderColumns, form_of
from model.studies.rows import NumberedRow, Skipped, stream_rows


class TableFile:
    """A CSV of studies, opened for each use, so that threads and processes may share it.

    Attributes:
        path: of the file.
        digest: SHA-256 of its content.
        form: how it is written.

    Raises:
        StudyTableError: it cannot be read, is no table, lacks a required column, or names one twice or nearly.
    """

    def __init__(self, path: Path, columns: HeaderColumns):
        self.path = path
        self._starts = array("q")  # the first byte of each line, as far as the file was read
        try:
            with path.open("rb") as file:
                self._stamp = _stamp(file)
                self.digest = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                self.form = form_of(path, file, columns)
        except OSError as error:
            raise StudyTableError(f"{path} cannot be read as a CSV of studies: {error.strerror}.") from error

    def rows(self) -> Iterator[NumberedRow | Skipped]:
        """Each row with the line it begins on; those that cannot be read, in their place.

        Raises:
            StudyTableError: the file is gone, was changed meanwhile, or ends within a character.
        """
        with self._open() as file:
            try:
                yield from stream_rows(self._lines(file), self.form)
            except UnicodeDecodeError as error:
                raise StudyTableError(f"{self.path.name} ends within a character: save it as CSV in UTF-8.") from error

    def report(self, line: int) -> str:
        """The report of the row that begins on a line, after `rows` has passed it.

        Raises:
            StudyTableError: the file is gone, or was changed meanwhile.
        """
        with self._open() as file:
            file.seek(self._starts[line - 1])
            cells = next(csv.reader(self.form.text(file), strict=True, delimiter=self.form.delimiter))
        return cells[self.form.columns.index("report")]

    def _open(self) -> BinaryIO:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise StudyTableError(f"{self.path.name} cannot be read any more: {error.strerror}.") from error
        if _stamp(file) != self._stamp:
            file.close()
            raise StudyTableError(f"{self.path.name} was changed after it had been opened; start again.")
        return file

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        """The lines of the file, their ends as they came."""
        at = self.form.mark
        file.seek(at)
        known = len(self._starts)
        for number, line in enumerate(self.form.text(file)):
            if number >= known:
                self._starts.append(at)
            at += self.form.length(line)
            yield line


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    """What differs once a file was written to, or another has taken its name."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
