"""How files and folders are written that others read: atomically, and on to the disk."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

MODE = 0o600  # of a new file: its owner's alone


def atomic_write(path: Path, data: bytes | memoryview, mode: int | None = None) -> None:
    """Write a file; one that has the name is replaced. The guarantee is that of `atomic_file`.

    Args:
        mode: as for `atomic_file`.

    Raises:
        OSError: not written.
    """
    with _replacing(path, mode) as handle:
        _write_all(handle, data, 0)


@contextlib.contextmanager
def atomic_file(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write, which takes its name when the block ends; one that has the name is replaced.

    Guarantee: after the block, the bytes and the name are on the disk. Until then, and where the block or the disk
    fails (because it is full, for one), the old file stays as it was and nothing new is left beside it; only a process
    that is killed leaves `NAME.*.new`. The new file keeps the owner, the group and the mode of the old one, whoever
    writes it. Where there was none it belongs to the folder's owner and group, as far as the writer may give it away
    (root may), so that what root does in the folder of a service never locks the service out. A link is replaced, not
    followed.

    How: the bytes go to a file in the same folder, which is flushed to the disk, then renamed; then the folder is
    flushed.

    Args:
        mode: of the file, whatever the old one's is; by default the old one's, or 0600.

    Raises:
        OSError: not written.
    """
    with _replacing(path, mode) as handle, os.fdopen(handle, "wb", closefd=False) as file:
        yield file


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of `folder` when the block ends. The guarantee is that of
    `place_folder`; where the block fails, the old folder stays as it was and nothing new is left beside it.

    Raises:
        OSError: it cannot be made or put into place.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield new
        new.chmod(0o755)  # mkdtemp made it private
        place_folder(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def place_folder(new: Path, folder: Path) -> None:
    """Put a folder, which lies on the same disk, where `folder` is.

    Guarantee: once this returns, every file below it and every name is on the disk. Folders cannot be exchanged in one
    step: the old one is moved aside first, to `.NAME-old-*/old`, and comes back where the new one cannot follow. A
    crash between the two leaves it there.

    Raises:
        OSError: the old folder is where it was.
    """
    sync_tree(new)
    if folder.exists():
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        os.replace(folder, aside / "old")
        try:
            os.replace(new, folder)
        except OSError:
            os.replace(aside / "old", folder)
            aside.rmdir()
            raise
        shutil.rmtree(aside, ignore_errors=True)
    else:
        os.replace(new, folder)
    sync(folder.parent)


def write_at(handle: int, data: bytes | memoryview, at: int) -> None:
    """Write bytes into an open file, from a place on, and on to the disk.

    Raises:
        OSError: not all of them.
    """
    _write_all(handle, data, at)
    os.fsync(handle)


@contextlib.contextmanager
def exclusive(path: Path, taken: Exception) -> Iterator[None]:
    """For the time of a work that must not be done twice at once, told by a lock on a file, which is made where there
    is none. The lock ends with the process that holds it, however that ends.

    Args:
        taken: is raised where it is under way, in this process or another.

    Raises:
        OSError: the file cannot be made.
    """
    with lock_file(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        yield


def lock_file(path: Path) -> IO[str]:
    """A file to lock, open; where there was none it is empty, and the owner's of its folder.

    Raises:
        OSError: it cannot be made.
    """
    lock = path.open("a")
    if os.fstat(lock.fileno()).st_size == 0:
        keep_owner(lock.fileno(), path.parent)
    return lock


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, where there is none. A new one belongs to the owner and group of the one that
    holds it, as far as the caller may give it away.

    Raises:
        OSError: it cannot be made.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode, exist_ok=True)
    with opened(path, os.O_RDONLY | os.O_DIRECTORY) as handle:
        keep_owner(handle, path.parent)


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """The handle of a file or folder; a new file is its owner's alone.

    Raises:
        OSError: it cannot be opened.
    """
    handle = os.open(path, flags | os.O_CLOEXEC, MODE)
    try:
        yield handle
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Let what was written to a file, or the names in a folder, outlast a power cut.

    Raises:
        OSError: they may not.
    """
    with opened(path) as handle:
        os.fsync(handle)


def sync_tree(folder: Path) -> None:
    """Let a folder's files and names, and those below it, outlast a power cut.

    Raises:
        OSError: they may not.
    """
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep_owner(handle: int, folder: Path) -> None:
    """Give what was just made, open, to the owner and group of the folder that holds it, as far as the caller may."""
    _give(handle, folder.stat())


@contextlib.contextmanager
def _replacing(path: Path, mode: int | None) -> Iterator[int]:
    """A new file, open, which takes the name of `path` when the block ends."""
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    try:
        with opened(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as handle:
            _take_after(handle, path, mode)
            yield handle
            os.fsync(handle)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def _write_all(handle: int, data: bytes | memoryview, at: int) -> None:
    written = 0
    while written < len(data):  # a disk that fills up writes short first and fails at the next call
        written += os.pwrite(handle, data[written:], at + written)


def _take_after(handle: int, path: Path, mode: int | None) -> None:
    """Give a new file the owner, group and mode of the one whose place it takes."""
    try:
        old = path.lstat()
    except FileNotFoundError:
        old = None
    if old and stat.S_ISREG(old.st_mode):
        _give(handle, old)
        mode = stat.S_IMODE(old.st_mode) & 0o777 if mode is None else mode
    else:
        keep_owner(handle, path.parent)
    os.fchmod(handle, MODE if mode is None else mode & 0o777)


def _give(handle: int, like: os.stat_result) -> None:
    """Owner and group apart: who is not root may still pass a file on to a group of theirs."""
    for owner, group in ((like.st_uid, -1), (-1, like.st_gid)):
        with contextlib.suppress(PermissionError):
            os.fchown(handle, owner, group)
