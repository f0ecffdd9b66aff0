"""A CSV of flags that threads and processes append to, and that survives their death.

An append holds the file's lock, writes after the last whole row and is acknowledged after fsync; a row that a crash
tore is found by reading the tail alone, and cut off by the next append. What takes content out, or brings an older
file up to date, writes a new file and puts it in the old one's place, so that there is never half of one.
"""

import contextlib
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from model.feedback.cells import END, HEADER, HEADER_1, check_header, upgraded

TAIL_BLOCK = 64 * 1024


class CsvFile:
    """One file. What it raises beside FeedbackError is an OSError, and the file is then as it was."""

    def __init__(self, path: Path):
        self.path = path
        # Ids in the first _seen_to bytes of the file, whose last row is _last; touched under the lock only.
        self._seen: set[bytes] = set()
        self._seen_to = 0
        self._last: tuple[int, bytes] = (0, b"")  # where it begins, and its id

    def append(self, flag_id: str, row: bytes) -> None:
        """Write `row` unless its id is there; it is on the disk when this returns.

        Raises:
            FeedbackError: the file is not a table of flags.
            OSError: not written.
        """
        with self._locked() as file:
            end = self._cut_torn_tail(file)
            self._look_up_ids(file, end)
            if flag_id.encode() in self._seen:
                os.fsync(file)  # whoever wrote it may have died before its own
            else:
                _write_or_undo(file, row if end else HEADER + row, end)
                if end == 0:
                    _sync_folder(self.path.parent)  # or a power cut could take the new file's name with it

    def read(self) -> bytes:
        """The header and every whole row, as this version writes them; nothing where there is no row yet.

        Raises:
            FeedbackError: the file is not a table of flags.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return b""
        if _is_torn_header(data):
            return b""
        check_header(data, self.path.name)
        return upgraded(data[: data.rfind(END) + len(END)])

    def rewrite(self, change: Callable[[bytes], bytes]) -> None:
        """Put what `change` makes of `read` in the file's place, while nobody appends.

        Raises:
            FeedbackError: the file is not a table of flags.
            OSError: not written.
        """
        with self._locked() as file:
            for left in self.path.parent.glob(f"{self.path.name}.*.new"):  # by a rewriting that was killed
                left.unlink()
            before = self.read()
            after = change(before)
            if after != before:
                put(self.path, after, os.fstat(file).st_mode)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open and locked, in this version's schema. Each call opens it anew, so the lock excludes threads
        as well as processes."""
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # report text: the owner alone
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._is_current(file) and not self._brought_up_to_date(file):
                    yield file
                    return
            finally:
                os.close(file)

    def _is_current(self, file: int) -> bool:
        """Whether `file` still has the name; it may have been replaced while we waited for the lock."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(file))
        except FileNotFoundError:
            return False

    def _brought_up_to_date(self, file: int) -> bool:
        """Whether the file was of an older schema, and another one now has its name."""
        start = os.pread(file, len(HEADER), 0)
        if start == HEADER or _is_torn_header(start):
            return False
        check_header(start, self.path.name)
        put(self.path, self.read(), os.fstat(file).st_mode)
        return True

    def _cut_torn_tail(self, file: int) -> int:
        """Cut what follows the last whole row; return the length that is left."""
        size = os.fstat(file).st_size
        if size < len(HEADER):
            if size:  # torn within the header
                os.ftruncate(file, 0)
            return 0
        position, block = size, b""
        while END not in block:  # ends at the latest at the header's own end
            position = max(0, position - TAIL_BLOCK)
            block = os.pread(file, min(TAIL_BLOCK + len(END), size - position), position)
        end = position + block.rfind(END) + len(END)
        if end < size:
            os.ftruncate(file, end)
        return end

    def _look_up_ids(self, file: int, end: int) -> None:
        """Read what was appended, by anyone, since the last look. An id is there once, so where the last row seen
        begins with its id, the file is the same one."""
        at, last = self._last
        if end < self._seen_to or os.pread(file, len(last), at) != last:
            self._seen, self._seen_to, self._last = set(), 0, (0, b"")
        with open(os.dup(file), "rb") as reader:
            reader.seek(self._seen_to)
            rows = reader.read(end - self._seen_to).split(END)[:-1]
        if rows:
            self._seen.update(row.split(b",", 1)[0] for row in rows)
            self._last = end - len(rows[-1]) - len(END), rows[-1].split(b",", 1)[0]
        self._seen_to = end


def put(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file, whole or not at all; one that has the name is replaced.

    Raises:
        OSError: not written.
    """
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    try:
        new = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(new, mode & 0o777)
            _write(new, data, 0)
        finally:
            os.close(new)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _is_torn_header(start: bytes) -> bool:
    """Whether the file ended before its first row could begin; nothing at all counts."""
    return any(len(start) < len(header) and header.startswith(start) for header in (HEADER, HEADER_1))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_or_undo(file: int, data: bytes, end: int) -> None:
    try:
        _write(file, data, end)
    except BaseException:
        with contextlib.suppress(OSError):  # if even this fails, the next append cuts the torn row
            os.ftruncate(file, end)
        raise


def _write(file: int, data: bytes, at: int) -> None:
    written = 0
    while written < len(data):  # a disk that fills up writes short first and fails at the next call
        written += os.pwrite(file, data[written:], at + written)
    os.fsync(file)
