"""Flags in a folder: one file for each server that writes there, read as one, and the films that were uploaded."""

import contextlib
import heapq
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from operator import itemgetter
from pathlib import Path

from model.errors import FeedbackError, StoreError
from model.feedback import trouble
from model.feedback.cells import encode
from model.feedback.csv_file import ASIDE, TORN, CsvFile
from model.feedback.films import film_of, png_of
from model.feedback.ids import StudyIds
from model.feedback.record import PURGED, Flag
from model.feedback.store import SHA256, Purged, Read, Store, Trace, agreed, refuse_tombstone, trace
from model.feedback.table import Row, UnreadableError
from model.feedback.trouble import Trouble
from model.feedback.turns import HeldError, Turns
from model.inputs import Film
from model.storage.files import atomic_write, make_folder, opened
from model.studies.table import StudyTable

NAME = re.compile(r"flags(-[0-9A-Za-z_-]+)?\.csv")
SIDE = re.compile(rf"flags(-[0-9A-Za-z_-]+)?\.[0-9TZ]+(-\d+)?\.({ASIDE}|{TORN})\.csv")


class FeedbackStore(Store):
    """Flags in `folder`/flags.csv; safe for many threads and processes on one machine.

    Servers on several machines that share the folder write a file each, flags-NAME.csv, since locks do not hold on
    every shared disk; each reads them all. Copies of films are films/SHA256.png; what is derived from one is kept
    there too, under a name that begins with the same SHA-256. What was no table of flags is set aside under a name with
    the time; see csv_file.py.

    Args:
        replica: NAME; "" for the only server.
        table: of the studies that are judged: it tells which one a row means whose id an editor changed.

    Raises:
        FeedbackError: the folder cannot be made, or the name is none.
    """

    look_every = 5.0

    def __init__(self, folder: str | Path, replica: str = "", table: StudyTable | None = None):
        self.folder = Path(folder)
        self.path = self.folder / (f"flags-{replica}.csv" if replica else "flags.csv")
        if not NAME.fullmatch(self.path.name):
            raise FeedbackError("The name of a replica may hold letters, digits, '-' and '_': name it otherwise.")
        self._ids = StudyIds(table) if table else None
        self._file = self._csv(self.path)
        self._known = {self.path: self._file}
        self._turns = Turns()
        self._kept: tuple[tuple, Read] = ((), Read())  # what was read last, of which files
        try:
            make_folder(self.folder)
        except OSError as error:
            raise StoreError(f"The feedback folder cannot be made: {error.strerror}; name another one.") from None

    def save(self, flag: Flag) -> Flag:
        """See Store; the file is as it was where this fails."""
        refuse_tombstone(flag)
        row = encode(flag)
        with _said("The flag was not saved", ", then send it again"), self._alone():
            others = (found for file in self._files() if file is not self._file and (found := file.find(flag.flag_id)))
            return agreed(flag, next(others, None) or self._file.append(flag.flag_id, row))

    def read(self) -> Read:
        """See Store."""
        with _said("The feedback cannot be read"):
            paths = sorted(p for p in self.folder.iterdir() if NAME.fullmatch(p.name) or SIDE.fullmatch(p.name))
            stamps = tuple((p.name, s.st_ino, s.st_size, s.st_mtime_ns) for p in paths if (s := _stat(p)))
            known, read = self._kept
            if stamps != known:
                read = self._read()
                self._kept, self.troubles = (stamps, read), read.troubles
            return read

    def count(self) -> int:
        """See Store."""
        return len(self.read().flags)

    def keep_film(self, film: Film) -> None:
        """See Store."""
        path = self._film_path(film.sha256)
        with _said("The film was not kept", ", then send it again"):
            make_folder(path.parent, 0o700)
            if not path.exists():
                atomic_write(path, png_of(film))

    def film(self, sha256: str) -> Film | None:
        """See Store."""
        with _said("The film cannot be read"), contextlib.suppress(FileNotFoundError):
            return film_of(self._film_path(sha256).read_bytes(), sha256)
        return None

    def take_out(self, study_id: str = "", flag_id: str = "") -> Purged:
        """See Store."""
        found = trace(self._flags(), study_id, flag_id)
        with _said("The study was not purged", ", then purge it again"):
            films = []
            # Before the rows, which alone tell whose films they are: what is cut short here is finished the next time.
            for sha256 in found.films:
                for path in self._film_path(sha256).parent.glob(f"{sha256}*"):
                    path.unlink(missing_ok=True)
                    films.append(f"{path.parent.name}/{path.name}")
            ids = [flag_id for file in self._files() for flag_id in _entomb(file, found)]
            torn = [path for path in self._aside(TORN) if found.names(path.read_bytes())]
            for path in torn:
                path.unlink(missing_ok=True)
            return Purged(len(ids), tuple(filter(None, ids)), (*sorted(films), *(path.name for path in torn)))

    def _read(self) -> Read:
        tables, troubles = [], []
        for file in self._files():
            name = file.path.name
            try:
                table = file.read()
            except UnreadableError:
                troubles.append(Trouble(trouble.UNREADABLE, name))
                continue
            bad = [row for row in table.rows if row.bad]
            doubtful = [row for row in table.rows if row.flag and self._ids and self._ids.is_doubtful(row.flag)]
            for kind, rows in ((trouble.ROWS, bad), (trouble.IDS, doubtful)):
                if rows:
                    troubles.append(Trouble(kind, name, tuple(row.number for row in rows), rows[0].line))
            tables.append(table.flags)
        for kind, why in ((trouble.ASIDE, ASIDE), (trouble.TORN, TORN)):
            troubles += [Trouble(kind, path.name) for path in self._aside(why)]
        return Read(tuple(_once(tables)), tuple(troubles))

    def _flags(self) -> Iterator[Flag]:
        """Of each file all that can be read."""
        with _said("The feedback cannot be read"):
            for file in self._files():
                with contextlib.suppress(UnreadableError):
                    yield from file.read().flags

    def _aside(self, why: str) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if (side := SIDE.fullmatch(p.name)) and side[3] == why)

    def _files(self) -> list[CsvFile]:
        paths = [self.folder / name for name in sorted(os.listdir(self.folder)) if NAME.fullmatch(name)]
        return [self._known.setdefault(path, self._csv(path)) for path in paths]

    def _csv(self, path: Path) -> CsvFile:
        return CsvFile(path, self._ids.meant) if self._ids else CsvFile(path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Among the servers that share the folder, so that no two save one id in two files; where the disk has no lock
        on folders, both rows are read."""
        with opened(self.folder) as folder, self._turns.taken() as end:
            try:
                self._turns.lock(folder, end)
            except HeldError:
                raise
            except OSError:
                pass
            yield

    def _film_path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise FeedbackError("A film is kept under 64 hexadecimal digits, its SHA-256: name it so.")
        return self.folder / "films" / f"{sha256}.png"


def _once(tables: list[list[Flag]]) -> Iterator[Flag]:
    """Every flag once, in the order of saving; those of several tables by time, which no clock puts back.

    A flag that reached two servers is the same one. One with the same id and other content, which a disk without locks
    or an editor may leave, is another; where an id was purged, nothing else of that id is there."""
    timed = (zip(accumulate((f.time_utc for f in flags), max), flags, strict=True) for flags in tables)
    merged = [flag for _, flag in heapq.merge(*timed, key=itemgetter(0))]
    purged = {flag.flag_id: flag for flag in merged if flag.verdict == PURGED}
    seen: dict[str, list[Flag]] = defaultdict(list)
    for flag in merged:
        flag = purged.get(flag.flag_id, flag)
        if not any(flag.repeats(other) for other in seen[flag.flag_id]):
            seen[flag.flag_id].append(flag)
            yield flag


def _entomb(file: CsvFile, found: Trace) -> list[str]:
    """Put tombstones in the place of the rows, and nothing in that of rows that are no flags and name what is purged;
    every other row stays byte for byte. Gives their ids."""
    ids: list[str] = []

    def change(row: Row) -> bytes:
        if row.flag and found.holds(row.flag):
            ids.append(row.flag.flag_id)
            return encode(row.flag.tombstone())
        if row.bad and found.names(row.data):
            ids.append("")
            return b""
        return row.data

    file.rewrite(change)
    return ids


def _stat(path: Path) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return path.stat()
    return None


@contextlib.contextmanager
def _said(what: str, then: str = "") -> Iterator[None]:
    """An OSError in one sentence, without the path."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror}; have that put right{then}.") from None
