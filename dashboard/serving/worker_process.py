"""Long work on a case, beside what readers do meanwhile.

Python lets one thread at a time run, and an explanation takes its turn some thousand times a second. So it is done in a
process of its own, which gives way to this one: who opens a case or moves β has this one to themselves.
"""

import contextlib
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from dashboard.line import Line
from model.engine import Engine
from model.errors import CheckpointError
from model.memory import hand_back

log = logging.getLogger(__name__)

READY, GIVE_UP = b"ready", b"give up"
TICK = 0.05  # seconds between two looks at whether the answer is still wanted
MODELS = 2  # that the process keeps loaded
# A tenth of a core is left to it where others want all of it, as while a new version's reference studies are encoded;
# with the time alone that nobody wants (SCHED_IDLE), explanations might stand still on a machine that is full.
NICENESS = 10

T = TypeVar("T")


class Aside:
    """Where what takes long is done, one thing after the other.

    Args:
        process: in a process of its own; otherwise by whoever asks. They do it themselves as well until the process is
            loaded, which begins when it is first needed; where it was ended, or does not start; and for models on a
            GPU, whose work keeps no lock, or without a folder that another process could load.

    Attributes:
        line: to stand in before asking for anything.
    """

    def __init__(self, process: bool = False):
        self.line = Line()
        self._wanted = process
        self._process: _Process | None = None
        self._lock = threading.Lock()

    def do(self, job: Callable[..., T], engine: Engine, *asked: Any, wanted: Callable[[], bool]) -> T:
        """What `job(engine, *asked, wanted)` returns or raises; a function of a module, and what can be pickled.

        Args:
            wanted: asked now and again; where it says no, the job is told so.
        """
        answer = None
        if self._wanted and engine.folder and engine.device.type == "cpu":
            with self._lock:
                answer = self._ask(pickle.dumps((job, engine.folder, engine.digest, asked)), wanted)
        if answer is None:
            return job(engine, *asked, wanted)
        value, error = answer
        if error:
            raise error
        return value

    @property
    def pid(self) -> int | None:
        """Of the process, once it is loaded."""
        with self._lock:
            return self._process.pid if self._process and self._process.is_ready() else None

    def _ask(self, job: bytes, wanted: Callable[[], bool]) -> tuple[Any, Exception | None] | None:
        """Value and error; None where the process is not ready yet, or was ended, as for want of memory."""
        try:
            self._process = self._process or _Process()
            return self._process.ask(job, wanted) if self._process.is_ready() else None
        except (EOFError, OSError):
            self._wanted = bool(self._process and self._process.ready)  # it will not start the next time either
            if not self._wanted:
                log.warning(
                    "The process for explanations does not start: they are computed here, and readers wait for them."
                )
            if self._process:
                self._process.end()
            self._process = None
            return None


class _Process:
    """The process, seen from this side. EOFError or OSError: it has ended.

    It stays in the session of this one, since Linux may share the processor out among sessions first.
    """

    def __init__(self):
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", "dashboard.aside", str(theirs.fileno())]
            self._running = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        self.pid = self._running.pid
        self._connection = Connection(ours.detach())
        self.ready = False

    def is_ready(self) -> bool:
        if not self.ready and self._connection.poll():
            self.ready = self._connection.recv_bytes() == READY
        return self.ready

    def ask(self, job: bytes, wanted: Callable[[], bool]) -> tuple[Any, Exception | None]:
        self._connection.send_bytes(job)
        told = False
        while not self._connection.poll(TICK):
            if not told and not wanted():
                self._connection.send_bytes(GIVE_UP)
                told = True
        return pickle.loads(self._connection.recv_bytes())

    def end(self) -> None:
        self._connection.close()
        self._running.kill()
        self._running.wait()


def main(fd: int) -> None:
    """The process itself, until the other side is gone."""
    # A server that drains still explains, and its end ends this process.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    os.nice(NICENESS)
    connection = Connection(fd)
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(READY)
        while True:
            asked = connection.recv_bytes()
            if asked != GIVE_UP:  # which may come after the answer
                connection.send_bytes(pickle.dumps(_answer(asked, lambda: not connection.poll())))
                hand_back()


def _answer(asked: bytes, wanted: Callable[[], bool]) -> tuple[Any, Exception | None]:
    job, folder, digest, rest = pickle.loads(asked)
    try:
        return job(_engine(folder, digest), *rest, wanted), None
    except Exception as error:  # is raised on the other side
        return None, error


@lru_cache(maxsize=MODELS)
def _engine(folder: Path, digest: str) -> Engine:
    engine = Engine.load(folder, "cpu")
    if engine.digest != digest:
        raise CheckpointError(f"{folder} holds another model than the one that is served: start the server again.")
    return engine


if __name__ == "__main__":
    import explain  # noqa: F401 - what it will be asked for, loaded before it says that it is ready

    main(int(sys.argv[1]))
