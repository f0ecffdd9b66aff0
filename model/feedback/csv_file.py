"""A CSV of flags that threads and processes append to, and that survives their death and a visit to an editor.

An append holds the file's lock, looks at what others wrote since, writes after the last whole row and is acknowledged
after fsync. Where the file is not as this version writes it, it is first written anew from all that can be read of
it; where something of it cannot be taken over, the file itself is set aside, under a name that says when. The beginning
of a row that a crash left is set aside as well. So nothing that was in the file is ever cut. What writes the file anew
puts a new one in the old one's place, so that there is never half of one.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

from model.feedback.cells import END, HEADER, NO_FLAG, decode
from model.feedback.record import Flag, utc_now
from model.feedback.table import Row, Table, UnreadableError, as_meant, is_empty, is_one_row, read_table
from model.feedback.turns import Turns
from model.storage.files import atomic_write, keep_owner, opened, sync, write_at

log = logging.getLogger(__name__)

ASIDE, TORN = "set-aside", "torn"


class CsvFile:
    """One file. What it raises beside UnreadableError is an OSError, and the file is then as it was.

    Args:
        meant: the id of the study that a flag is on, where an editor may have changed it.
    """

    def __init__(self, path: Path, meant: Callable[[Flag], str] = attrgetter("study_id")):
        self.path = path
        self._meant = meant
        self._turns = Turns()
        # Where each id begins in the first _seen_to bytes of the file, whose last row is _last; touched in turn only.
        self._seen: dict[bytes, int] = {}
        self._seen_to = 0
        self._last: tuple[int, bytes] = (0, b"")  # where it begins, and its id
        self._which: tuple[int, int] = (0, 0)

    def append(self, flag_id: str, row: bytes) -> Flag | None:
        """Write `row` unless its id is there; it is on the disk when this returns.

        Returns:
            The flag that has the id already.

        Raises:
            OSError: not written.
        """
        with self._locked() as file:
            end = self._seen_to
            if found := self._at(file, flag_id):
                os.fsync(file)  # whoever wrote it may have died before its own
                return found
            try:
                write_at(file, row if end else HEADER + row, end)
            except BaseException:
                with contextlib.suppress(OSError):  # if even this fails, the next append sets the torn row aside
                    os.ftruncate(file, end)
                raise
            if end == 0:
                sync(self.path.parent)  # or a power cut could take the new file's name with it
            return None

    def find(self, flag_id: str) -> Flag | None:
        """The flag of that id, as far as whole rows are there; nothing is locked or changed."""
        with self._turns.taken(), contextlib.suppress(FileNotFoundError), opened(self.path) as file:
            self._look(file)
            if found := self._at(file, flag_id):
                os.fsync(file)
            return found
        return None

    def read(self) -> Table:
        """All rows.

        Raises:
            UnreadableError: there is something, and no flag can be read of it.
        """
        try:
            return self._table(self.path.read_bytes())
        except FileNotFoundError:
            return Table()

    def rewrite(self, change: Callable[[Row], bytes]) -> None:
        """Put what `change` makes of each row in the file's place, while nobody appends.

        Raises:
            OSError: not written.
        """
        with self._locked():
            for left in self.path.parent.glob(f"{self.path.name}.*.new"):  # by a rewriting that was killed
                left.unlink()
            table = self.read()
            after = [change(row) for row in table.rows]
            if after != [row.data for row in table.rows]:
                atomic_write(self.path, HEADER + b"".join(after))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open, locked, and as this version writes it; each row was looked at. Each call opens it anew, so
        the lock excludes threads as well as processes."""
        with self._turns.taken() as end:
            while True:
                with opened(self.path, os.O_RDWR | os.O_CREAT) as file:
                    if os.fstat(file).st_size == 0:
                        keep_owner(file, self.path.parent)
                    self._turns.lock(file, end)
                    if self._is_current(file) and (self._look(file) or not self._mended(file)):
                        yield file
                        return

    def _is_current(self, file: int) -> bool:
        """Whether `file` still has the name; it may have been replaced while we waited for the lock."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(file))
        except FileNotFoundError:
            return False

    def _look(self, file: int) -> bool:
        """Find the ids in what was written, by anyone, since the last look; return whether a row may follow it all.

        An id is there once, so where the last row seen begins with its id, the file is the same one."""
        now, (at, last) = os.fstat(file), self._last
        size, which = now.st_size, (now.st_dev, now.st_ino)
        if which != self._which or size < self._seen_to or os.pread(file, len(last), at) != last:
            self._seen, self._seen_to, self._last, self._which = {}, 0, (0, b""), which
        with open(os.dup(file), "rb") as reader:
            reader.seek(self._seen_to)
            new = reader.read(size - self._seen_to)
        renamed = False
        if self._seen_to == 0:
            if not new.startswith(HEADER):
                return not new
            renamed = self._is_renamed(new)
            self._seen_to, new = len(HEADER), new[len(HEADER) :]
        *chunks, tail = new.split(END)
        for chunk in chunks:
            self._last = self._seen_to, chunk.split(b",", 1)[0]
            self._seen.setdefault(self._last[1].strip(b'"'), self._seen_to)
            self._seen_to += len(chunk) + len(END)
        return not (tail or renamed) and all(map(is_one_row, chunks))

    def _table(self, data: bytes) -> Table:
        return as_meant(read_table(data), self._meant)

    def _is_renamed(self, data: bytes) -> bool:
        """Whether an editor changed the id of a study, and may have left the file as this version writes it
        otherwise."""
        with contextlib.suppress(UnreadableError):
            return as_meant(table := read_table(data), self._meant) is not table
        return False

    def _at(self, file: int, flag_id: str) -> Flag | None:
        """The flag of an id that was seen; a row that is none any more gives way."""
        at = self._seen.get(flag_id.encode())
        if at is None:
            return None
        with open(os.dup(file), "rb") as reader:
            reader.seek(at)
            row = b""
            while not row.endswith(END) and (line := reader.readline()):
                row += line
        try:
            flag = decode(row)
        except NO_FLAG:
            return None
        return flag.changed(study_id=self._meant(flag))

    def _mended(self, file: int) -> bool:
        """Make rows able to follow; whether that put another file in this one's place."""
        with open(os.dup(file), "rb") as reader:
            reader.seek(0)
            data = reader.read()
        try:
            table = self._table(data)
        except UnreadableError:
            os.rename(self.path, self._beside(ASIDE))
            sync(self.path.parent)
            log.warning("%s holds no flags that can be read: it was set aside, and a new one is begun.", self.path.name)
            return True
        if table.torn:
            atomic_write(self._beside(TORN), table.torn)
            log.warning("%s ended within a row, which was set aside.", self.path.name)
        if table.foreign:
            if table.lost:
                atomic_write(self._beside(ASIDE), data)
            atomic_write(self.path, table.as_file())
            aside = table.lost and f" It was set aside as well: {table.lost}."
            said = "%s was written by another program or version: its %d flags were taken over.%s"
            log.warning(said, self.path.name, len(table.flags), aside)
            return True
        if is_empty(data):
            os.ftruncate(file, 0)
        if table.torn:
            os.ftruncate(file, len(data) - len(table.torn))
        if table.open:
            write_at(file, END, len(data.removesuffix(END[:1])))
        self._look(file)
        return False

    def _beside(self, why: str) -> Path:
        """A name for what is set aside, that no file has."""
        when = utc_now().replace(":", "").replace("-", "")
        path, number = self.path.with_name(f"{self.path.stem}.{when}.{why}.csv"), 1
        while path.exists():
            number += 1
            path = self.path.with_name(f"{self.path.stem}.{when}-{number}.{why}.csv")
        return path
