"""Which model answers: one at a time, replaced by a newly promoted version without a restart.

What belongs to a model stays together in a `Served`. A request takes the one that is served when it begins, and keeps
it to its end. A reader's open case keeps the one it was opened under, so that a verdict says what was on screen, until
the page or the reader's next request asks for it under the new one.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from dashboard.access import who
from dashboard.reviewing import Reviewer
from dashboard.session import Session
from dashboard.staging import Refused, Step
from dashboard.views import ReferenceViews
from model.data import StudyTable
from model.engine import Engine
from model.errors import AccessError, BetaLensError, CheckpointError
from model.versions import Versions

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at which version is promoted
T = TypeVar("T")


class Served:
    """A model, and what was made for it alone."""

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine = engine
        self.table = table
        self.reviewer = Reviewer(engine, table)
        self.views = ReferenceViews(engine, table)
        self._parts: dict[Callable, object] = {}
        self._lock = threading.Lock()

    def part(self, make: "Callable[[Served], T]") -> T:
        """What `make` makes of this model, made at the first request for it."""
        with self._lock:
            if make not in self._parts:
                self._parts[make] = make(self)
            return self._parts[make]


def _claim(session: Session) -> None:
    """A page is that of whoever sent its first request: its number alone, which another might guess, opens nothing."""
    name = who().name
    if session.login is None:
        session.login = session.reviewer = name
    if session.login != name:
        raise AccessError("This page belongs to another login: reload it.")


def _on_cpu(served: Served) -> Served:
    return Served(served.engine.on_cpu(), served.table)


class Serving:
    """The model that is served now.

    Attributes:
        now: to be read once a request.
        versions: where newly promoted ones come from; None for a model that stays.
    """

    def __init__(self, engine: Engine, table: StudyTable, versions: Versions | None = None):
        self.now = Served(engine, table)
        self.versions = versions
        if versions:
            self._seen = engine.folder and engine.folder.name
            threading.Thread(target=self._watch, daemon=True, name="promoted-version").start()

    def of(self, session: Session) -> Served:
        """The model that the reader's open case is shown under.

        Raises:
            AccessError: the page is somebody else's.
        """
        _claim(session)
        return session.served or self.now

    def current(self, session: Session) -> Served:
        """The model that is served now, with the reader's open case encoded by it.

        Raises:
            AccessError: the page is somebody else's.
        """
        _claim(session)
        now = self.now
        if self.is_stale(session):
            now.reviewer.encode_again(session)
        session.served = now
        return now

    def answer(self, session: Session, ask: Callable[[Reviewer], Iterator[Step]]) -> Iterator[Step]:
        """The steps that the reviewer of the served model takes; where the GPU has no memory left for them, those that
        the same model takes on the CPU."""
        before = list(session.cases)
        try:
            yield from ask(self.current(session).reviewer)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            yield Refused("notice.cpu", level="info")
            session.served = spare = self.now.part(_on_cpu)
            changed = session.cases != before  # the case was opened: what failed is its explanation
            spare.reviewer.encode_again(session)
            yield from spare.reviewer.show_again(session) if changed else ask(spare.reviewer)

    def compute(self, work: Callable[[Served], T]) -> T:
        """What the served model makes of something; where the GPU has no memory left for it, the same model on the
        CPU."""
        try:
            return work(self.now)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            return work(self.now.part(_on_cpu))

    def is_stale(self, session: Session) -> bool:
        """Whether the reader's open case is shown under a model that is no longer served."""
        return session.served is not None and session.served is not self.now

    def _watch(self) -> None:
        while True:
            threading.Event().wait(LOOK)
            try:
                self.swap()
            except BetaLensError as error:
                log.warning("The promoted version is not served: %s", error)
            except Exception as error:  # whatever it was, the model at hand goes on, and so does the watch
                log.warning("The promoted version is not served: it could not be loaded (%s).", type(error).__name__)

    def swap(self) -> None:
        """Serve the promoted version, once it is loaded and has answered.

        Raises:
            CheckpointError, EncoderError: it cannot be served; it is not tried again until another one is promoted.
        """
        name = self.versions.current()
        if name is None or name == self._seen:
            return
        self._seen = name
        before = self.now.engine
        engine = Engine.load(self.versions.path(name), before.device.type)
        if (engine.findings, engine.config.problem_type) != (before.findings, before.config.problem_type):
            raise CheckpointError(f"Version {name} decides on other findings: restart the server to serve it.")
        engine.warm_up()
        self.now = Served(engine, self.now.table)
        before.forget()
        log.warning("Version %s (%s) is served now.", name, engine.digest[:12])
