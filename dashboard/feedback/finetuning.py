"""The fine-tuning that is begun from the page: it goes on when who began it has left, and may be cancelled."""

import threading

from dashboard.access import audit
from dashboard.access.identity import Identity
from dashboard.serving.background_job import BackgroundJob
from dashboard.serving.model_registry import ModelRegistry
from dashboard.workflows.finetune import FinetuneResult, finetune_version
from model.feedback import Store
from model.finetuning.finetune import Recipe
from model.finetuning.versions import Versions
from model.inference.engine import Engine
from model.progress import ProgressOf
from model.studies.table import StudyTable


class Finetuning:
    """One at a time, of the promoted one of some versions. Safe to ask from many threads."""

    def __init__(self, serving: ModelRegistry, versions: Versions, table: StudyTable, feedback: Store):
        self._serving, self._versions, self._table, self._feedback = serving, versions, table, feedback
        self._lock = threading.Lock()
        self._latest: BackgroundJob[FinetuneResult] | None = None

    @property
    def under_way(self) -> BackgroundJob[FinetuneResult] | None:
        """The one that has not ended yet."""
        return self._latest if self._latest and self._latest.running else None

    def begin(self, by: Identity) -> BackgroundJob[FinetuneResult]:
        """Begin one; where one is under way, that.

        Raises:
            AuditError: it cannot be written down who begins it.
        """
        with self._lock:
            if job := self.under_way:
                return job
            audit.record("finetune", by)
            self._latest = BackgroundJob("fine-tuning", lambda counted: self._learn(by, counted))
            return self._latest

    def _learn(self, by: Identity, progress_for: ProgressOf) -> FinetuneResult:
        served, versions = self._serving.now.engine, self._versions
        with versions.exclusive():
            folder = versions.path(versions.current() or "")
            base = served if served.folder == folder else Engine.load(folder, served.device.type)
            rows = self._feedback.rows()
            outcome = finetune_version(versions, base, self._table, rows, Recipe(), progress_for=progress_for)
        audit.note("finetuned", by, version=outcome.version, promoted=outcome.promoted)
        return outcome
