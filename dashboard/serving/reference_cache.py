"""What is known of the reference studies, computed at the first look: embeddings, neighbours, worklist."""

import threading
from functools import cached_property

from explain.cohort.neighbours import Finder
from explain.cohort.spaces import Vectors
from explain.cohort.worklist import Candidate, worklist
from model.inference.embeddings import Reference, load_pooled, load_reference
from model.inference.engine import Engine
from model.progress import Progress
from model.studies.table import StudyTable


class ReferenceCache:
    """One table under one engine. Safe to ask from many threads: each thing is computed once, by the first to ask."""

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine = engine
        self.table = table
        self._lock = threading.RLock()
        self._reference: Reference | None = None
        self._vectors: Vectors | None = None
        self._finder: Finder | None = None
        self._rows = {study.study_id: row for row, study in enumerate(table.studies)}

    @cached_property
    def _worklist(self) -> list[Candidate]:
        return worklist(self.engine, self.table, self.reference(), self.engine.default_beta)

    def reference(self, progress: Progress = iter) -> Reference:
        """The embeddings of every study.

        Args:
            progress: wraps the loop over batches, where they must be computed.
        """
        with self._lock:
            if self._reference is None:
                self._reference = load_reference(self.engine, self.table, progress)
            return self._reference

    def vectors(self, progress: Progress = iter, of_pooled: Progress = iter) -> Vectors:
        """Every study as a vector in each space.

        Args:
            progress: as for `reference`.
            of_pooled: likewise, of the pooled vectors, which are computed when they are first looked at.
        """
        with self._lock:
            if self._vectors is None:
                reference = self.reference(progress)
                self._vectors = Vectors(self.engine, reference, lambda: load_pooled(self.engine, self.table, of_pooled))
            return self._vectors

    def finder(self, progress: Progress = iter) -> Finder:
        """Searches all studies."""
        with self._lock:
            if self._finder is None:
                self._finder = Finder(self.vectors(progress))
            return self._finder

    def worklist(self) -> list[Candidate]:
        """The studies most worth a reviewer's look, decided at the model's own β."""
        with self._lock:
            return self._worklist

    def row_of(self, study_id: str) -> int | None:
        """The place of a study among the reference's; None where it is none of them."""
        return self._rows.get(study_id)
