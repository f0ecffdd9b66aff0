"""Flags in a folder: one file for each server that writes there, read as one, and the films that were uploaded."""

import contextlib
import heapq
import os
import re
from collections.abc import Iterator
from pathlib import Path

from model.errors import FeedbackError, StoreError
from model.feedback.cells import END, decode_all, encode
from model.feedback.csv_file import CsvFile, put
from model.feedback.films import film_of, png_of
from model.feedback.record import PURGED, Flag
from model.feedback.store import SHA256, Trace, refuse_tombstone, trace
from model.inputs import Film

NAME = re.compile(r"flags(-[0-9A-Za-z_-]+)?\.csv")


class FeedbackStore:
    """Flags in `folder`/flags.csv; safe for many threads and processes on one machine.

    Servers on several machines that share the folder write a file each, flags-NAME.csv, since locks do not hold on
    every shared disk; each reads them all. Copies of films are films/SHA256.png; what is derived from one is kept
    there too, under a name that begins with the same SHA-256.

    Args:
        replica: NAME; "" for the only server.

    Raises:
        FeedbackError: the folder cannot be made, or the name is none.
    """

    def __init__(self, folder: str | Path, replica: str = ""):
        self.folder = Path(folder)
        self.path = self.folder / (f"flags-{replica}.csv" if replica else "flags.csv")
        if not NAME.fullmatch(self.path.name):
            raise FeedbackError("The name of a replica may hold letters, digits, '-' and '_': name it otherwise.")
        self._file = CsvFile(self.path)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The feedback folder cannot be made: {error.strerror}; name another one.") from None

    def append(self, flag: Flag) -> str:
        """See Store; the file is as it was where this fails."""
        refuse_tombstone(flag)
        row = encode(flag)
        with _said("The flag was not saved", ", then send it again"):
            self._file.append(flag.flag_id, row)
        return flag.flag_id

    def rows(self) -> list[Flag]:
        """Every flag once, in the order of saving; those of several files by time.

        Raises:
            FeedbackError: a file was changed by hand into something that is not a table of flags.
        """
        rows: dict[str, Flag] = {}
        for flag in heapq.merge(*self._tables(), key=lambda f: f.time_utc):
            # A retry may have reached another server: the first one stands, unless it was purged here or there.
            if flag.flag_id not in rows or flag.verdict == PURGED:
                rows[flag.flag_id] = flag
        return list(rows.values())

    def count(self) -> int:
        """See Store; a flag that two servers saved counts twice."""
        return sum(data.count(END) - 1 for _, data in self._read())

    def keep_film(self, film: Film) -> None:
        """See Store."""
        path = self._film_path(film.sha256)
        with _said("The film was not kept", ", then send it again"):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            if not path.exists():
                put(path, png_of(film))

    def film(self, sha256: str) -> Film | None:
        """See Store."""
        with _said("The film cannot be read"), contextlib.suppress(FileNotFoundError):
            return film_of(self._film_path(sha256).read_bytes(), sha256)
        return None

    def purge(self, study_id: str) -> int:
        """See Store."""
        found = trace((flag for data in self._tables() for flag in data), study_id)
        with _said("The study was not purged", ", then purge it again"):
            # Before the rows, which alone tell whose films they are: what is cut short here is finished the next time.
            for sha256 in found.films:
                for path in self._film_path(sha256).parent.glob(f"{sha256}*"):
                    path.unlink(missing_ok=True)
            return sum(_entomb(file, found) for file in self._files())

    def _files(self) -> list[CsvFile]:
        paths = [self.folder / name for name in sorted(os.listdir(self.folder)) if NAME.fullmatch(name)]
        return [self._file if path == self.path else CsvFile(path) for path in paths]

    def _tables(self) -> list[list[Flag]]:
        return [list(decode_all(data, file.path.name)) for file, data in self._read()]

    def _read(self) -> list[tuple[CsvFile, bytes]]:
        with _said("The feedback cannot be read"):
            return [(file, data) for file in self._files() if (data := file.read())]

    def _film_path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise FeedbackError("A film is kept under 64 hexadecimal digits, its SHA-256: name it so.")
        return self.folder / "films" / f"{sha256}.png"


def _entomb(file: CsvFile, found: Trace) -> int:
    """Put tombstones in the place of the rows; every other row stays byte for byte."""
    count = 0

    def change(data: bytes) -> bytes:
        nonlocal count
        flags = list(decode_all(data, file.path.name))
        header, *rows, _ = data.split(END) if data else (b"", b"")
        gone = [found.holds(flag) for flag in flags]
        count = sum(gone)
        kept = [encode(f.tombstone()) if g else row + END for f, g, row in zip(flags, gone, rows, strict=True)]
        return header + END + b"".join(kept) if count else data

    file.rewrite(change)
    return count


@contextlib.contextmanager
def _said(what: str, then: str = "") -> Iterator[None]:
    """An OSError in one sentence, without the path."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror}; have that put right{then}.") from None
