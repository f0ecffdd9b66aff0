"""Which model answers: one at a time, replaced by a newly promoted version without a restart.

What belongs to a model stays together in a `Served`. A request takes the one that is served when it begins, and keeps
it to its end. A reader's open case keeps the one it was opened under, so that a verdict says what was on screen, until
the page or the reader's next request asks for it under the new one.

A verdict is looked at again under the version that it was given on, which may not be the one that is served: such a
version is loaded when the first reader asks for it, and a case that is opened under it stays so.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from dashboard.access import who
from dashboard.aside import Aside
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
# Other versions that stay loaded beside those that a page shows: a network each, some 100 MB.
KEPT = 2
T = TypeVar("T")
Ask = Callable[[Reviewer], Iterator[Step]]


class Served:
    """A model, and what was made for it alone.

    Args:
        aside: where its cases are explained, after those of other models too, as all share the processor.

    Attributes:
        apart: it was asked for by its digest, and never took the served one's place.
    """

    def __init__(self, engine: Engine, table: StudyTable, aside: Aside, apart: bool = False):
        self.engine = engine
        self.table = table
        self.aside = aside
        self.apart = apart
        self.reviewer = Reviewer(engine, table, self)
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


def _catch_up(session: Session, reviewer: Reviewer) -> None:
    """Let this model encode the open case, where another one did."""
    if session.served not in (None, reviewer.served):
        reviewer.encode_again(session)


def _on_stage(session: Session) -> list[tuple]:
    """What is open, whichever model encoded it."""
    return [(case.case_id, case.changes) for case in session.cases]


def _on_cpu(served: Served) -> Served:
    return Served(served.engine.on_cpu(), served.table, served.aside, served.apart)


class Serving:
    """The model that is served now.

    Args:
        aside: where cases are explained; in this process by default.

    Attributes:
        now: to be read once a request.
        versions: where newly promoted ones come from; None for a model that stays.
    """

    def __init__(self, engine: Engine, table: StudyTable, versions: Versions | None = None, aside: Aside | None = None):
        self.now = Served(engine, table, aside or Aside())
        self.versions = versions
        self._others: WeakValueDictionary[str, Served] = WeakValueDictionary()  # by digest; as long as a page shows it
        self._kept: deque[Served] = deque(maxlen=KEPT)
        self._loading = threading.Lock()
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
        """The model for the reader's next request, with their open case encoded by it: the one that is served now, or
        the other version that the case was opened under.

        Raises:
            AccessError: the page is somebody else's.
        """
        now = self.following(session)
        _catch_up(session, now.reviewer)
        return now

    def following(self, session: Session) -> Served:
        """The model that `current` gives, whichever the open case is shown under until then.

        Raises:
            AccessError: the page is somebody else's.
        """
        shown, now = self.of(session), self.now
        return shown if shown.apart and shown.engine.digest != now.engine.digest else now

    def other(self, digest: str) -> Served:
        """The version with these weights, loaded at most once for all who ask.

        Raises:
            CheckpointError, EncoderError: there is none, or it cannot be used.
        """
        if digest == self.now.engine.digest:
            return self.now
        if found := self._others.get(digest):
            return found
        with self._loading:  # nobody waits here but who asks for such a version
            if found := self._others.get(digest):
                return found
            name = self.versions and self.versions.named(digest)
            if not name:
                raise CheckpointError(f"No version here has the weights {digest[:12]}… any more.")
            try:
                served = Served(self._load(name), self.now.table, self.now.aside, apart=True)
            except torch.OutOfMemoryError:
                raise CheckpointError(f"The GPU has no memory left for version {name}: try it again later.") from None
            self._others[digest] = served
            self._kept.append(served)
            return served

    def answer(self, session: Session, ask: Ask) -> Iterator[Step]:
        """The steps that a reviewer takes with the open case: that of the model which is served now, or of the other
        version that the case was opened under."""

        def follow(reviewer: Reviewer) -> Iterator[Step]:
            _catch_up(session, reviewer)
            yield from ask(reviewer)

        yield from self._steps(session, self.following(session), follow)

    def open(self, session: Session, ask: Ask, digest: str = "") -> Iterator[Step]:
        """The steps that the reviewer of the served model takes to open another case, or the same one again.

        Args:
            digest: of the version to open it under instead, where there still is one.
        """
        _claim(session)
        ticket, served = session.next_ticket(), self.now
        if digest:
            try:
                served = self.other(digest)
            except BetaLensError as error:
                yield Refused("notice.no_version", str(error), level="info")
        if session.ticket == ticket:  # nothing else was asked for while it was loaded
            yield from self._steps(session, served, ask)

    def _steps(self, session: Session, served: Served, ask: Ask) -> Iterator[Step]:
        """The steps by one model; where the GPU has no memory left for them, by the same model on the CPU."""
        before = _on_stage(session)
        try:
            yield from ask(served.reviewer)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            yield Refused("notice.cpu", level="info")
            spare = served.part(_on_cpu).reviewer
            opened = before != _on_stage(session)  # only its explanation failed
            yield from spare.take_over(session) if opened else ask(spare)

    def compute(self, work: Callable[[Served], T]) -> T:
        """What the served model makes of something; where the GPU has no memory left for it, the same model on the
        CPU."""
        try:
            return work(self.now)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            return work(self.now.part(_on_cpu))

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
        before, engine = self.now, self._load(name)
        self.now = Served(engine, before.table, before.aside)
        before.engine.forget()
        log.warning("Version %s (%s) is served now.", name, engine.digest[:12])

    def _load(self, name: str) -> Engine:
        """The engine of a version, which has answered."""
        served = self.now.engine
        engine = Engine.load(self.versions.path(name), served.device.type)
        if (engine.findings, engine.config.problem_type) != (served.findings, served.config.problem_type):
            raise CheckpointError(f"Version {name} decides on other findings: restart the server to serve it.")
        engine.warm_up()
        return engine
