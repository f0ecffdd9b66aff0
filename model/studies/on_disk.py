"""A CSV of studies that stays on disk: its rows one by one, and a report when it is asked for."""

import csv
import hashlib
import io
import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from model.errors import StudyTableError
from model.rows import ENCODING, ERRORS, Skipped, stream_rows

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TableFile:
    """A CSV of studies, opened for each use, so that threads and processes may share it.

    Attributes:
        path: of the file.
        digest: SHA-256 of its content.

    Raises:
        OSError: it cannot be read.
    """

    def __init__(self, path: Path, required: tuple[str, ...]):
        self.path = path
        self._required = required
        self._starts = array("q")  # the first byte of each line, as far as the file was read
        with path.open("rb") as file:
            self._stamp = _stamp(file)
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            self._columns = next(csv.reader(io.TextIOWrapper(file, ENCODING, ERRORS, newline="")), [])

    def rows(self) -> Iterator[tuple[int, dict[str, str]] | Skipped]:
        """Each row with the line it begins on; those that cannot be read, in their place.

        Raises:
            StudyTableError: the file is empty, lacks a required column, is gone, or was changed meanwhile.
        """
        with self._open() as file:
            yield from stream_rows(self.path, self._lines(file), self._required)

    def report(self, line: int) -> str:
        """The report of the row that begins on a line, after `rows` has passed it.

        Raises:
            StudyTableError: the file is gone, or was changed meanwhile.
        """
        with self._open() as file:
            file.seek(self._starts[line - 1])
            cells = next(csv.reader(io.TextIOWrapper(file, "utf-8", ERRORS, newline=""), strict=True))
        return cells[self._columns.index("report")]

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
        at = len(BYTE_ORDER_MARK) if file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK else 0
        file.seek(0)
        known = len(self._starts)
        for number, line in enumerate(io.TextIOWrapper(file, ENCODING, ERRORS, newline="")):
            if number >= known:
                self._starts.append(at)
            at += len(line.encode("utf-8", ERRORS))
            yield line


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    """What differs once a file was written to, or another has taken its name."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
