"""What the tabs over all reference studies show, computed at the first look and kept: embeddings, map, queue."""

import threading
from functools import cached_property

import numpy as np

from explain.atlas import Atlas, load_atlas, place
from explain.worklist import Candidate, worklist
from model.data import StudyTable
from model.engine import Encoded, Engine
from model.reference import Progress, Reference, load_reference

PATH_BETAS = np.linspace(0, 1, 21)  # where the place of a case is computed; drawn as lines between


class ReferenceViews:
    """One table under one engine. Safe to ask from many threads: each thing is computed once, by the first to ask."""

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine = engine
        self.table = table
        self._lock = threading.RLock()
        self._reference: Reference | None = None

    @cached_property
    def _atlas(self) -> Atlas:
        return load_atlas(self.engine, self.table, self.reference())

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

    def atlas(self) -> Atlas:
        """The map at its slices of β."""
        with self._lock:
            return self._atlas

    def worklist(self) -> list[Candidate]:
        """The studies most worth a reviewer's look, decided at the model's own β."""
        with self._lock:
            return self._worklist

    def path_of(self, encoded: Encoded) -> list[list[float]]:
        """Where a case lies on the map at each of PATH_BETAS."""
        atlas, reference = self.atlas(), self.reference()
        betas = [self.engine.clamp_beta(encoded, float(b)) for b in PATH_BETAS]
        at = [place(self.engine, atlas, reference, encoded, beta) for beta in betas]
        return np.asarray(at).round(4).tolist()
