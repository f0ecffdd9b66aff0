"""The reference studies nearest to a case, in any space, at any β."""

import threading
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache, cachedmethod
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors

from explain.cohort.spaces import FUSED, Vectors

CACHED_BYTES = 512 * 2**20  # of vectors, over spaces and β: the path of a case over 20,000 studies


class NearestStudies(NamedTuple):
    """The nearest of the studies that were searched: their rows in the reference and distances, nearest first."""

    rows: Int[np.ndarray, "k"]
    distances: Float[np.ndarray, "k"]


class _Index(NamedTuple):
    """Searches the vectors of some rows, which take so many bytes."""

    search: NearestNeighbors
    rows: np.ndarray
    bytes: int


class Finder:
    """Searches reference studies, all of them or some. Many threads may ask.

    Args:
        rows: of the reference, to search among.
    """

    def __init__(self, vectors: Vectors, rows: Int[np.ndarray, "n"] | None = None):
        self.vectors = vectors
        self.rows = np.arange(len(vectors.reference.study_ids)) if rows is None else rows
        self._indices: LRUCache[tuple[str, float | None], _Index] = LRUCache(
            CACHED_BYTES, getsizeof=lambda index: index.bytes
        )
        self._lock = threading.Lock()

    def nearest(
        self, space: str, case: Float[np.ndarray, "1 d"], beta: float, count: int, without: int | None = None
    ) -> NearestStudies:
        """The `count` studies nearest to a vector; fewer where there are no more.

        Args:
            without: the row of a study to leave out, such as the case itself.
        """
        index, rows, _ = self._index(space, beta)
        wanted = min(count + (without is not None), len(rows))
        distances, found = (a[0] for a in index.kneighbors(case, n_neighbors=wanted))
        near = NearestStudies(rows[found], distances)
        others = near.rows != without if without is not None else slice(None)
        return NearestStudies(near.rows[others][:count], near.distances[others][:count])

    @cachedmethod(
        attrgetter("_indices"),
        lambda _, space, beta: (space, round(beta, 4) if space == FUSED else None),
        attrgetter("_lock"),
    )
    def _index(self, space: str, beta: float) -> _Index:
        rows = self.rows[self.vectors.has(space)[self.rows]]
        metric = self.vectors.engine.config.atlas_metric
        vectors = self.vectors.of_studies(space, beta, rows)
        return _Index(NearestNeighbors(metric=metric, algorithm="brute").fit(vectors), rows, vectors.nbytes)
