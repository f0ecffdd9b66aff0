"""Jobs in background threads: each is run once, and shared by all readers, with its progress."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from explain import Cancelled
from model.compute.threads import widen
from model.errors import BetaLensError
from model.progress import Progress, ProgressOf

PROGRESS_SECONDS = 0.25  # seconds between two reports of a job's progress

K = TypeVar("K")
T = TypeVar("T")


class JobProgress(NamedTuple):
    """What a job does now, how much of it is done, of how much, and when that will be all, at the pace so far."""

    name: str
    done: int
    total: int
    seconds_left: float | None = None  # of this part alone; None before its first step is done


class BackgroundJob(Generic[T]):
    """A job that goes on, and whose result is kept, when the reader who asked for it has left.

    Args:
        run: gets what counts its loops; what it returns becomes `result`.

    Attributes:
        result: None until the job has ended well.
        error: a sentence; "" unless the job has failed.
        cancelled: whether it was ended before it came to a result.
    """

    def __init__(self, name: str, run: Callable[[ProgressOf], T]):
        self.result: T | None = None
        self.error = ""
        self.cancelled = False
        self._cancel = threading.Event()
        self._progress = JobProgress("encoding", 0, 0)
        self._function = run
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """End it at its next step. Where it has none left, it comes to its result nevertheless."""
        self._cancel.set()

    def follow(self) -> Iterator[JobProgress]:
        """The job's progress, every PROGRESS_SECONDS until it ends."""
        while not self._ended_within(PROGRESS_SECONDS):
            yield self._progress

    def messages(self, describe: Callable[[T], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """What a reader is told: {"progress"} until the job ends, and then {"cancelled"}, {"error"} or what `describe`
        says of the result."""
        for progress in self.follow():
            yield {"progress": progress._asdict()}
        if self.cancelled:
            yield {"cancelled": True}
        else:
            yield {"error": self.error} if self.result is None else describe(self.result)

    def _ended_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self.running

    def _run(self) -> None:
        widen()
        try:
            self.result = self._function(self._counted)
        except Cancelled:
            self.cancelled = True
        except BetaLensError as error:
            self.error = str(error)
        except Exception as error:  # the reader is told, and the log of the server gets the traceback
            self.error = f"The work failed ({type(error).__name__}); the log of the server says more."
            raise

    def _counted(self, name: str) -> Progress:
        def progress(steps: Iterable) -> Iterator:
            steps = list(steps)
            begun = time.monotonic()
            for done, step in enumerate(steps):
                left = (time.monotonic() - begun) / done * (len(steps) - done) if done else None
                self._progress = JobProgress(name, done, len(steps), left)
                if self._cancel.is_set():
                    raise Cancelled
                yield step

        return progress


class BackgroundJobs(Generic[K, T]):
    """One job a key, started by the first who asks for it. Safe to ask from many threads.

    Args:
        name: of the threads.
        run: does the job of a key; see `BackgroundJob`.
    """

    def __init__(self, name: str, run: Callable[[K, ProgressOf], T]):
        self._name, self._run = name, run
        self._jobs: dict[K, BackgroundJob[T]] = {}
        self._lock = threading.Lock()

    def of(self, key: K) -> BackgroundJob[T]:
        """The job of a key; one that failed is started anew."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.error:
                job = self._jobs[key] = BackgroundJob(f"{self._name}-{key}", lambda counted: self._run(key, counted))
            return job

    def result(self, key: K) -> T | None:
        """What the job of a key came to; None where it was not asked for, has not ended or has failed."""
        job = self._jobs.get(key)
        return job.result if job else None
