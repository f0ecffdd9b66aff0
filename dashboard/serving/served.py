"""A model that answers, and what belongs to it: it stays together however models come and go."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from dashboard.serving.explanations import Explanations
from dashboard.serving.reference_cache import ReferenceCache
from dashboard.serving.worker_process import ExplanationWorker
from model.inference.engine import Engine
from model.studies.table import StudyTable

T = TypeVar("T")


class ServedModel:
    """A model, and what was made for it alone.

    Args:
        worker: where its cases are explained, after those of other models too, as all share the processor; in this
            process by default.

    Attributes:
        apart: it was asked for by its digest, and never took the served one's place.
    """

    def __init__(self, engine: Engine, table: StudyTable, worker: ExplanationWorker | None = None, apart: bool = False):
        self.engine = engine
        self.table = table
        self.worker = worker or ExplanationWorker()
        self.apart = apart
        self.explanations = Explanations(engine, self.worker)
        self.reference_cache = ReferenceCache(engine, table)
        self._parts: dict[Callable, Any] = {}
        self._lock = threading.Lock()

    def get_or_create(self, make: "Callable[[ServedModel], T]") -> T:
        """What `make` makes of this model, made at the first request for it."""
        with self._lock:
            if make not in self._parts:
                self._parts[make] = make(self)
            return self._parts[make]
