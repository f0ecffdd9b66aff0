"""A job in a background thread: run once, shared by all readers, with its progress."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from model.compute.threads import widen
from model.errors import BetaLensError
from model.progress import Progress, ProgressOf

TICK = 0.25  # seconds between two looks at the work

T = TypeVar("T")


class Step(NamedTuple):
    """What is done, and how much of it, of how much."""

    name: str
    done: int
    total: int


class Work(Generic[T]):
    """Goes on, and is kept, when the reader who asked for it has left.

    Args:
        job: is given what counts its loops; what it returns becomes `result`.
    """

    def __init__(self, name: str, job: Callable[[ProgressOf], T]):
        self.result: T | None = None
        self.error = ""
        self.step = Step("encoding", 0, 0)
        self._job = job
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether it is finished, at the latest after so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        widen()
        try:
            self.result = self._job(self._counted)
        except BetaLensError as error:
            self.error = str(error)
        except Exception as error:  # the reader is told, and the log of the server gets the traceback
            self.error = f"The work failed ({type(error).__name__}); the log of the server says more."
            raise

    def _counted(self, name: str) -> Progress:
        def progress(steps: Iterable) -> Iterator:
            steps = list(steps)
            for done, step in enumerate(steps):
                self.step = Step(name, done, len(steps))
                yield step

        return progress
