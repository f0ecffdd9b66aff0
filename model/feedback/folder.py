"""Flags in a folder: one file for each server that writes there, read as one."""

import heapq
from collections.abc import Iterator
from pathlib import Path

from model.errors import FeedbackError
from model.feedback.cells import decode_all, encode
from model.feedback.csv_file import CsvFile
from model.feedback.record import PURGED, Flag


class FeedbackStore:
    """Flags in `folder`/flags.csv; safe for many threads and processes on one machine.

    Servers on several machines that share the folder write a file each, flags-NAME.csv, since locks do not hold on
    every shared disk; each reads them all.

    Args:
        replica: NAME; "" for the only server.

    Raises:
        FeedbackError: the folder cannot be made, or the name is none.
    """

    def __init__(self, folder: str | Path, replica: str = ""):
        if not all(c.isalnum() or c in "-_" for c in replica):
            raise FeedbackError("The name of a replica may hold letters, digits, '-' and '_': name it otherwise.")
        self.folder = Path(folder)
        self.path = self.folder / (f"flags-{replica}.csv" if replica else "flags.csv")
        self._file = CsvFile(self.path)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FeedbackError(f"The feedback folder cannot be made: {error.strerror}; name another one.") from None

    def append(self, flag: Flag) -> str:
        """Save `flag` and return its id once it is on the disk. An id already saved is acknowledged, not repeated.

        Raises:
            FeedbackError: not saved; the file is as it was.
        """
        if flag.verdict == PURGED:
            raise FeedbackError("The flag was not saved: 'purged' is what a purge leaves, not a verdict.")
        row = encode(flag)
        try:
            self._file.append(flag.flag_id, row)
        except OSError as error:
            raise FeedbackError(
                f"The flag was not saved: {error.strerror}; have that put right, then send it again."
            ) from None
        return flag.flag_id

    def rows(self) -> list[Flag]:
        """Every flag once, in the order of saving; those of several files by time.

        Raises:
            FeedbackError: a file was changed by hand into something that is not a table of flags.
        """
        files = [list(decode_all(data, file.path.name)) for file, data in self._read()]
        rows: dict[str, Flag] = {}
        for flag in heapq.merge(*files, key=lambda f: f.time_utc):
            # A retry may have reached another server: the first one stands, unless it was purged here or there.
            if flag.flag_id not in rows or flag.verdict == PURGED:
                rows[flag.flag_id] = flag
        return list(rows.values())

    def _files(self) -> list[CsvFile]:
        paths = {*self.folder.glob("flags.csv"), *self.folder.glob("flags-*.csv")}
        return [self._file if path == self.path else CsvFile(path) for path in sorted(paths)]

    def _read(self) -> Iterator[tuple[CsvFile, bytes]]:
        for file in self._files():
            try:
                data = file.read()
            except OSError as error:
                raise FeedbackError(f"The feedback cannot be read: {error.strerror}.") from None
            if data:
                yield file, data
