"""Runs explanations in a worker process of lower priority, so that they do not hold the GIL of the server.

Python lets one thread at a time run, and an explanation takes the GIL some thousand times a second. A reader who opens
a case or moves β meanwhile has the server's process to themselves.
"""

import contextlib
import logging
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from dashboard.serving.fair_queue import FairQueue
from model.compute.memory import trim_heap
from model.compute.threads import Wide, wide_environment
from model.errors import BetaLensError, CheckpointError
from model.inference.engine import Engine

log = logging.getLogger(__name__)

READY, GIVE_UP, ALIVE = b"ready", b"give up", b"alive"
POLL_SECONDS = 0.05  # seconds between two looks at whether the answer is still wanted
BEAT = 1.0  # seconds between two signs of life of the process while it works
# Seconds without one after which it hangs and is replaced. It gives way to everybody: on a machine that is full it is
# left alone while it gets something done, until it has had as many seconds of a processor in silence.
SILENT = 20.0
LOADING = 300.0  # seconds that it may take until it is ready
MODELS = 2  # that the process keeps loaded
# A tenth of a core is left to it where others want all of it, as while a new version's reference studies are encoded;
# with the time alone that nobody wants (SCHED_IDLE), explanations might stand still on a machine that is full.
NICENESS = 10

T = TypeVar("T")
_here = Wide(1, "explaining")


class ExplanationWorker:
    """Where what takes long is done, one thing after the other.

    Args:
        process: in a process of its own; otherwise here. So it is as well until the process is loaded, which begins
            when it is first needed; where it was ended, hangs, or does not start; where the model's folder is not what
            was loaded here any more; and for models on a GPU, whose work keeps no lock, or without a folder.

    Attributes:
        queue: to stand in before asking for anything.
    """

    def __init__(self, process: bool = False):
        self.queue = FairQueue()
        self._wanted = process
        self._process: _Process | None = None
        self._lock = threading.Lock()

    def do(self, job: Callable[..., T], engine: Engine, *args: Any, should_continue: Callable[[], bool]) -> T:
        """What `job(engine, *args, should_continue)` returns or raises.

        Args:
            job: a function of a module; `args` is what can be pickled.
            should_continue: asked now and again; where it says no, the job is told so.
        """
        answer = None
        if self._wanted and engine.folder and engine.device.type == "cpu":
            with self._lock:
                answer = self._ask(pickle.dumps((job, engine.folder, engine.digest, args)), should_continue)
        if answer is None:
            return _here.do(job, engine, *args, should_continue)
        value, error = answer
        if error:
            raise error
        return value

    @property
    def pid(self) -> int | None:
        """Of the process, once it is loaded."""
        with self._lock:
            return self._process.pid if self._process and self._process.is_ready() else None

    def _ask(self, job: bytes, should_continue: Callable[[], bool]) -> tuple[Any, Exception | None] | None:
        """Value and error; None where the process is not ready yet, was ended, as for want of memory, or hangs, or has
        no such model."""
        try:
            self._process = self._process or _Process()
            if self._process.is_ready():
                return self._process.ask(job, should_continue)
            if time.monotonic() < self._process.begun + LOADING:
                return None
            raise TimeoutError
        except (EOFError, OSError):
            self._wanted = bool(self._process and self._process.ready)  # it will not start the next time either
            if self._wanted:
                log.warning("The process for explanations has ended or hangs: another one takes its place.")
            else:
                log.warning(
                    "The process for explanations does not start: they are computed here, and readers wait for them."
                )
            if self._process:
                self._process.end()
            self._process = None
            return None


class _Process:
    """The process, seen from this side. EOFError or OSError: it has ended, or hangs.

    It stays in the session of this one, since Linux may share the processor out among sessions first.
    """

    def __init__(self):
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", "dashboard.serving.worker_process", str(theirs.fileno())]
            self._running = subprocess.Popen(
                command,
                env=wide_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self.pid = self._running.pid
        # Nor does this side wait for ever within a message.
        for way in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, way, struct.pack("@ll", int(SILENT), 0))
        self.begun = time.monotonic()
        self._connection = Connection(ours.detach())
        self.ready = False

    def is_ready(self) -> bool:
        if not self.ready and self._connection.poll():
            self.ready = self._connection.recv_bytes() == READY
        return self.ready

    def ask(self, job: bytes, should_continue: Callable[[], bool]) -> tuple[Any, Exception | None]:
        self._connection.send_bytes(job)
        notified, begun = False, _worked(self.pid)
        seen, worked = time.monotonic(), begun
        while True:
            if self._connection.poll(POLL_SECONDS):
                if (answer := self._connection.recv_bytes()) != ALIVE:
                    return pickle.loads(answer)
                begun = worked = _worked(self.pid)
                seen = time.monotonic()
            elif time.monotonic() > seen + SILENT:
                before, worked, seen = worked, _worked(self.pid), time.monotonic()
                if worked == before or worked > begun + SILENT:
                    raise TimeoutError
            if not notified and not should_continue():
                self._connection.send_bytes(GIVE_UP)
                notified = True

    def end(self) -> None:
        self._connection.close()
        self._running.kill()
        self._running.wait()


def _worked(pid: int) -> float:
    """Seconds of a processor that a process has had (proc_pid_stat(5)).

    Raises:
        OSError: it is gone.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
            request = connection.recv_bytes()
            if request != GIVE_UP:  # which may come after the answer
                with _beating(connection):
                    answer = pickle.dumps(_answer(request, lambda: not connection.poll()))
                connection.send_bytes(answer)
                trim_heap()


@contextlib.contextmanager
def _beating(connection: Connection) -> Iterator[None]:
    """Gives signs of life from a thread of its own: all of them stand still where the process does."""
    done = threading.Event()

    def beat() -> None:
        with contextlib.suppress(OSError):  # the other side is gone: so is this one soon
            while not done.wait(BEAT):
                connection.send_bytes(ALIVE)

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()


def _answer(request: bytes, should_continue: Callable[[], bool]) -> tuple[Any, Exception | None] | None:
    """Value and error; None where the model cannot be loaded here, as when its folder was taken away."""
    job, folder, digest, rest = pickle.loads(request)
    try:
        engine = _engine(folder, digest)
    except (BetaLensError, OSError) as error:
        log.warning("A model cannot be loaded for explanations: they are computed by the server itself (%s).", error)
        return None
    try:
        return job(engine, *rest, should_continue), None
    except Exception as error:  # is raised on the other side
        return None, error


@lru_cache(maxsize=MODELS)
def _engine(folder: Path, digest: str) -> Engine:
    engine = Engine.load(folder, "cpu")
    if engine.digest != digest:
        raise CheckpointError(f"{folder} holds another model than the one that is served")
    return engine


if __name__ == "__main__":
    import explain  # noqa: F401 - what it will be asked for, loaded before it says that it is ready

    main(int(sys.argv[1]))
