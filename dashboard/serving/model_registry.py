"""Which model answers: one at a time, replaced by a newly promoted version without a restart.

What belongs to a model stays together in a `ServedModel`. A request takes the one that is served when it begins, and
keeps it to its end. A reader's open case keeps the one it was opened under, so that a verdict says what was on screen,
until the page or the reader's next request asks for it under the new one.

A verdict is looked at again under the version that it was given on, which may not be the one that is served: such a
version is loaded when the first reader asks for it, and a case that is opened under it stays so.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

import torch

from dashboard.access import audit
from dashboard.access.identity import who
from dashboard.serving.open_pages import pages
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from dashboard.serving.worker_process import ExplanationWorker
from dashboard.web.listening import asked_by, listeners
from model.errors import AccessError, BetaLensError, CheckpointError
from model.finetuning.versions import Versions
from model.inference.engine import Engine
from model.studies.table import StudyTable

log = logging.getLogger(__name__)

VERSION_CHECK_SECONDS = 1.0  # seconds between two looks at which version is promoted
# Other versions that stay loaded beside those that a page shows: a network each, some 100 MB.
MOST_LOADED = 2
T = TypeVar("T")


def claim(session: Session) -> None:
    """A page is that of whoever sent its first request: its number alone, which another might guess, opens nothing."""
    reader = who()
    if session.login is None:
        session.login, session.reviewer = reader.id, reader.reviewer
    if session.login != reader.id:
        audit.note("refused", reader, what="page")
        raise AccessError("This page belongs to another login: reload it.")
    session.page, _ = asked_by()
    listeners.hear(session.page)
    pages.use(session)


def on_cpu(served: ServedModel) -> ServedModel:
    return ServedModel(served.engine.on_cpu(), served.table, served.worker, served.apart)


class ModelRegistry:
    """The model that is served now.

    Args:
        worker: where cases are explained; in this process by default.

    Attributes:
        now: to be read once a request.
        versions: where newly promoted ones come from; None for a model that stays.
    """

    def __init__(
        self,
        engine: Engine,
        table: StudyTable,
        versions: Versions | None = None,
        worker: ExplanationWorker | None = None,
    ):
        self.now = ServedModel(engine, table, worker or ExplanationWorker())
        self.versions = versions
        # By digest; as long as a page shows it.
        self._others: WeakValueDictionary[str, ServedModel] = WeakValueDictionary()
        self._kept: deque[ServedModel] = deque(maxlen=MOST_LOADED)
        self._loading = threading.Lock()
        if versions:
            self._seen = engine.folder and engine.folder.name
            threading.Thread(target=self._watch, daemon=True, name="promoted-version").start()

    def model_for_session(self, session: Session) -> ServedModel:
        """The model that the reader's open case is shown under.

        Raises:
            AccessError: the page is somebody else's.
        """
        claim(session)
        return session.served or self.now

    def model_for_next_request(self, session: Session) -> ServedModel:
        """The model for the reader's next request: the one that is served now, or the other version that their case was
        opened under.

        Raises:
            AccessError: the page is somebody else's.
        """
        shown, now = self.model_for_session(session), self.now
        return shown if shown.apart and shown.engine.digest != now.engine.digest else now

    def load_version(self, digest: str) -> ServedModel:
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
            name = self.versions and self.versions.with_digest(digest)
            if not name:
                raise CheckpointError(f"No version here has the weights {digest[:12]}… any more.")
            try:
                served = ServedModel(self._load(name), self.now.table, self.now.worker, apart=True)
            except torch.OutOfMemoryError:
                raise CheckpointError(f"The GPU has no memory left for version {name}: try it again later.") from None
            self._others[digest] = served
            self._kept.append(served)
            return served

    def compute(self, work: Callable[[ServedModel], T]) -> T:
        """What the served model makes of something; where the GPU has no memory left for it, the same model on the
        CPU."""
        try:
            return work(self.now)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            return work(self.now.get_or_create(on_cpu))

    def _watch(self) -> None:
        while True:
            threading.Event().wait(VERSION_CHECK_SECONDS)
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
        name = self.versions and self.versions.current()
        if name is None or name == self._seen:
            return
        self._seen = name
        before, engine = self.now, self._load(name)
        self.now = ServedModel(engine, before.table, before.worker)
        before.engine.forget()
        log.warning("Version %s (%s) is served now.", name, engine.digest[:12])

    def _load(self, name: str) -> Engine:
        """The engine of a version, which has answered."""
        assert self.versions  # which have named it
        served = self.now.engine
        engine = Engine.load(self.versions.path(name), served.device.type)
        if (engine.findings, engine.config.problem_type) != (served.findings, served.config.problem_type):
            raise CheckpointError(f"Version {name} decides on other findings: restart the server to serve it.")
        engine.warm_up()
        return engine
