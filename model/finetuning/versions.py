"""Versions of a model in one folder: each a checkpoint, one of them promoted.

    models/0001/          a checkpoint, with origin.json: where it came from, what was measured
    models/0002/
    models/current.json   which one is served, and which ones were before it

A version appears whole or not at all, and is never changed into another one; `current.json` is replaced in one step. So
a server may look at any time.
"""

import contextlib
import fcntl
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from model.errors import CheckpointError, ChoiceError, TrainingError
from model.feedback import utc_now
from model.network.checkpoint import WEIGHTS, verify
from model.storage.files import atomic_write, exclusive, lock_file, make_folder, place_folder
from model.storage.paths import DEMO_CHECKPOINT

LEARNT = "learnt_from"  # in an origin: ids of verdicts, and digests of the ids of studies
CURRENT, ORIGIN, LOCK, FINETUNE_LOCK = "current.json", "origin.json", ".lock", ".finetune.lock"


class Version(NamedTuple):
    """One line of the list."""

    name: str
    promoted: bool
    digest: str
    made: str  # ISO 8601, UTC
    parent: str  # the version or folder it came from
    how: str  # "adopted" or "fine-tuned"


class Versions:
    """The versions in a folder, which is made where it is missing. Safe for several processes.

    Raises:
        CheckpointError: the folder cannot be made.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        with _named(folder):
            make_folder(folder)

    def names(self) -> list[str]:
        """All versions, the oldest first."""
        return sorted(p.name for p in self.folder.iterdir() if (p / ORIGIN).is_file() and not p.name.startswith("."))

    def current(self) -> str | None:
        """The promoted version; None where none was yet.

        Raises:
            CheckpointError: `current.json` was changed by hand into something else.
        """
        history = self._history()
        return history[-1] if history else None

    def path(self, name: str) -> Path:
        """The checkpoint of a version.

        Raises:
            ChoiceError: there is none of that name.
        """
        names = self.names()
        if name not in names:
            raise ChoiceError(f"There is no version {name!r} in {self.folder}; there are {', '.join(names) or 'none'}.")
        return self.folder / name

    def add(self, write: Callable[[Path], object], origin: dict[str, Any]) -> str:
        """Make a version of the checkpoint that `write` writes to the folder it is given. It is not promoted.

        Args:
            origin: plain values; `parent` and `how` are shown in the list.

        Raises:
            CheckpointError: it cannot be written, or is no checkpoint.
        """
        with _named(self.folder), tempfile.TemporaryDirectory(prefix=".new-", dir=self.folder) as scratch:
            made = Path(scratch) / "checkpoint"
            write(made)
            facts = {"digest": verify(made)["files"][WEIGHTS], "made": utc_now()} | origin
            _write(made / ORIGIN, facts)
            with self._locked():
                name = f"{max((int(n) for n in self.names() if n.isdecimal()), default=0) + 1:04}"
                place_folder(made, self.folder / name)
        return name

    def adopt(self, checkpoint: Path) -> str:
        """Make a version of a copy of a checkpoint; of one that is a version, it is known still from whom it learnt.

        Raises:
            CheckpointError: it is none, is damaged, or cannot be copied.
        """
        verify(checkpoint)
        origin = {"parent": str(checkpoint), "how": "adopted"}
        if (checkpoint / ORIGIN).is_file():
            known = Versions(checkpoint.resolve().parent).origin(checkpoint.resolve().name)
            origin |= {LEARNT: known[LEARNT]} if LEARNT in known else {}
        return self.add(lambda made: shutil.copytree(checkpoint, made, copy_function=shutil.copyfile), origin)

    def promote(self, name: str) -> None:
        """Make a version the one that is served.

        Raises:
            ChoiceError: there is none of that name.
            CheckpointError: it is damaged, or the choice cannot be written.
        """
        verify(self.path(name))
        with self._locked():
            history = self._history()
            if history[-1:] != [name]:
                _write(self.folder / CURRENT, {"promoted": [*history, name]})

    def rollback(self) -> str:
        """Go back to the version that was promoted before this one; return its name.

        Raises:
            ChoiceError: there was none before.
            CheckpointError: it is damaged, or the choice cannot be written.
        """
        with self._locked():
            history = self._history()
            if len(history) < 2:
                raise ChoiceError(f"There is no version before {history[0] if history else 'the first'} to go back to.")
            verify(self.path(history[-2]))
            _write(self.folder / CURRENT, {"promoted": history[:-1]})
            return history[-2]

    def with_digest(self, digest: str) -> str | None:
        """The oldest version with weights of that SHA-256; None where there is none.

        Raises:
            CheckpointError: what a version says of itself cannot be read.
        """
        return next((name for name in self.names() if self.origin(name).get("digest") == digest), None)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """For the time of a fine-tuning, from the choice of what it starts from to the promotion: of two at once, one
        would undo what the other learnt. The lock ends with the process that holds it, however that ends.

        Raises:
            TrainingError: another one is under way, in this process or another.
            CheckpointError: the folder cannot be written.
        """
        with _named(self.folder):
            lock_file(self.folder / FINETUNE_LOCK).close()
        taken = TrainingError(
            f"Another fine-tuning of the versions in {self.folder} is under way: start this one when it has ended."
        )
        with exclusive(self.folder / FINETUNE_LOCK, taken):
            yield

    def list(self) -> list[Version]:
        """Every version, the oldest first."""
        current = self.current()
        return [self._version(name, name == current) for name in self.names()]

    def origin(self, name: str) -> dict[str, Any]:
        """Where a version came from.

        Raises:
            ChoiceError: there is none of that name.
            CheckpointError: what it says of itself cannot be read.
        """
        try:
            return dict(json.loads((self.path(name) / ORIGIN).read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise CheckpointError(
                f"{self.folder / name / ORIGIN} cannot be read; restore it or remove {name}."
            ) from error

    def _version(self, name: str, promoted: bool) -> Version:
        origin = self.origin(name)
        return Version(name, promoted, *(str(origin.get(key, "")) for key in Version._fields[2:]))

    def _history(self) -> "list[str]":
        path = self.folder / CURRENT
        try:
            return [str(name) for name in json.loads(path.read_text("utf-8"))["promoted"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CheckpointError(f"{path} does not say which versions were promoted; restore or remove it.") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with _named(self.folder), lock_file(self.folder / LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def base_version(versions: Versions, checkpoint: Path | None) -> str:
    """The promoted version; where none is yet, a copy of a checkpoint (the embedded demo's where none is named) is
    promoted as the first.

    Raises:
        CheckpointError: the checkpoint is damaged, or the folder cannot be written.
    """
    name = versions.current()
    if name is None:
        name = versions.adopt(checkpoint or DEMO_CHECKPOINT)
        versions.promote(name)
    return name


@contextlib.contextmanager
def _named(folder: Path) -> Iterator[None]:
    """An error of the disk, as a sentence."""
    try:
        yield
    except (OSError, shutil.Error) as error:
        reason = getattr(error, "strerror", None) or "a file cannot be copied"
        raise CheckpointError(f"Versions cannot be kept in {folder}: {reason}; name another folder.") from error


def _write(path: Path, value: dict[str, Any]) -> None:
    """In one step: a reader, who may be another user, sees the old or the new one."""
    atomic_write(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode(), 0o644)
