"""What is known of the reference studies, computed at the first look: embeddings, neighbours, worklist."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from explain.cohort.neighbours import Finder
from explain.cohort.spaces import Vectors
from explain.cohort.worklist import Candidate, worklist
from model.evaluation.metrics import probabilities_at
from model.inference.embeddings import PooledStudies, Reference, load_pooled, load_reference
from model.inference.engine import Engine
from model.progress import Progress
from model.studies.table import StudyTable

T = TypeVar("T")


class ReferenceCache:
    """One table under one engine. Safe to ask from many threads: each thing is computed once, by the first to ask."""

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine, self.table = engine, table
        self._rows = {study.study_id: row for row, study in enumerate(table.studies)}
        self._known: dict[str, Any] = {}
        self._lock = threading.RLock()

    def reference(self, progress: Progress = iter) -> Reference:
        """The embeddings of every study.

        Args:
            progress: wraps the loop over batches, where they must be computed.
        """
        return self._once("reference", lambda: load_reference(self.engine, self.table, progress))

    def vectors(self, progress: Progress = iter, of_pooled: Progress = iter) -> Vectors:
        """Every study as a vector in each space.

        Args:
            progress: as for `reference`.
            of_pooled: likewise, of the pooled vectors, which are computed when they are first looked at.
        """

        def pooled() -> PooledStudies:
            return load_pooled(self.engine, self.table, of_pooled)

        return self._once("vectors", lambda: Vectors(self.engine, self.reference(progress), pooled))

    def finder(self, progress: Progress = iter) -> Finder:
        """Searches all studies."""
        return self._once("finder", lambda: Finder(self.vectors(progress)))

    def worklist(self) -> list[Candidate]:
        """The studies most worth a reviewer's look, decided at the model's own β."""
        return self._once(
            "worklist", lambda: worklist(self.engine, self.table, self.reference(), self.engine.default_beta)
        )

    def probabilities(self) -> dict[str, Float[np.ndarray, "n"]]:
        """What the model gives each study of the table at its own β, by finding."""

        def by_finding() -> dict[str, Float[np.ndarray, "n"]]:
            p = probabilities_at(self.engine, self.reference(), self.engine.default_beta)
            return dict(zip(self.engine.findings, p.T, strict=True))

        return self._once("probabilities", by_finding)

    def row_of(self, study_id: str) -> int | None:
        """The place of a study among the reference's; None where it is none of them."""
        return self._rows.get(study_id)

    def _once(self, name: str, compute: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._known:
                self._known[name] = compute()
            return self._known[name]
