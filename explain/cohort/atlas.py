"""The atlas: one map of the reference studies that moves with β, and the place of a case on it.

Fused embeddings at a few β are laid out together with AlignedUMAP (McInnes et al., "UMAP", 2018; umap-learn), so that
moving β morphs one map instead of drawing unrelated ones. The other spaces do not depend on β. A projection on two
principal components stands beside each, to tell what the groups owe to UMAP.
"""

import json
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from explain.cohort.neighbours import Finder
from explain.cohort.spaces import FUSED, SPACES, Vectors
from model.config import Config
from model.errors import ChoiceError
from model.inference.array_cache import cached_arrays, pack_arrays
from model.inference.array_file import Arrays
from model.inference.encoding import Encoded
from model.progress import Progress
from model.studies.table import StudyTable

UMAP, PRINCIPAL = METHODS = "umap", "pca"
FEWEST = 20  # below this a map of neighbours says nothing
PLACE_NEIGHBOURS = 10
# Of a case that is far from everything the map says little: for such a share of the reference studies the nearest other
# one is nearer.
FAR = 0.99
JUDGED = 2000  # studies on which a map is judged: its cost grows with their square
QUANTILES = np.linspace(0, 1, 101)
SEED = 0


class Layout(NamedTuple):
    """Where n studies lie at each slice of β, evenly from 0 to 1; one slice where the space does not depend on β."""

    rows: Int[np.ndarray, "n"]  # of the reference
    xy: Float[np.ndarray, "slices n 2"]
    # The share of the neighbourhoods on the map that are neighbourhoods in the space (Venna and Kaski 2001), 0 to 1.
    trust: Float[np.ndarray, "slices"]
    # Quantiles 0, 0.01 … 1 of the distance from a study to the nearest other one.
    spacing: Float[np.ndarray, "slices 101"]

    def at(self, beta: float) -> Float[np.ndarray, "n 2"]:
        """Positions at β in [0, 1]."""
        return _between(self.xy, beta)

    def quality(self, beta: float) -> "MapQuality | None":
        """What was kept of the slice at β; None between two slices."""
        at = beta * (len(self.xy) - 1)
        kept = round(at)
        return MapQuality(float(self.trust[kept]), self.spacing[kept]) if abs(at - kept) < 1e-6 else None


class MapQuality(NamedTuple):
    """How good a map is at one β, and how far apart what it is made of."""

    trust: float  # as in Layout
    spacing: Float[np.ndarray, "101"]  # as in Layout

    def closer_share(self, distance: float) -> float:
        """The share of the studies whose nearest other study is closer than this, in [0, 1]."""
        return float(np.interp(distance, self.spacing, QUANTILES))


class MapPosition(NamedTuple):
    """Where a case lies on a map at β."""

    xy: Float[np.ndarray, "2"]
    distance: float  # to the nearest reference study


def file_name(space: str, method: str) -> str:
    """What a map is kept as; the one that is shown first comes with the checkpoint."""
    return "atlas" if (space, method) == (FUSED, UMAP) else f"atlas-{space}-{method}"


def settings(config: Config) -> str:
    """What a map depends on beside model and table."""
    return json.dumps({k: v for k, v in vars(config).items() if k.startswith("atlas_")}, sort_keys=True)


def load_layout(
    vectors: Vectors, table: StudyTable, space: str = FUSED, method: str = UMAP, progress: Progress = iter
) -> Layout:
    """The map of a model and table, from where it was kept, or made and kept.

    Args:
        progress: wraps the loop over the steps of making it.

    Raises:
        ChoiceError: the space or the method is unknown, or fewer than 20 studies have a place in the space.
    """

    def compute() -> Arrays:
        return fit_layout(vectors, table, space, method, progress)._asdict()

    _check(vectors, space, method)
    name, config = file_name(space, method), vectors.engine.config
    arrays = cached_arrays(vectors.engine, table, name, compute, settings=settings(config), half=False)
    return Layout(**arrays)


def fit_layout(
    vectors: Vectors, table: StudyTable, space: str = FUSED, method: str = UMAP, progress: Progress = iter
) -> Layout:
    """Lay the studies out, at all slices together. A seed makes it the same map every time."""
    config = vectors.engine.config
    rows = sample(table, np.flatnonzero(vectors.has(space)), config.atlas_most)
    betas = np.linspace(0, 1, config.atlas_slices) if space == FUSED else np.array([0.0])

    def slice_at(beta: float) -> np.ndarray:
        return vectors.of_studies(space, float(beta), rows)

    if method == PRINCIPAL:
        xy = _principal([slice_at(b) for b in progress(betas)])
    else:
        xy = _umap(slice_at, betas, len(rows), config, progress)
    judged = [_judge(slice_at(b), at, config) for b, at in zip(betas, xy, strict=True)]
    trust, spacing = (np.array(part, np.float32) for part in zip(*judged, strict=True))
    return Layout(rows, xy.astype(np.float32), trust, spacing)


def quality_at(layout: Layout, vectors: Vectors, space: str, beta: float) -> MapQuality:
    """The quality of a map at any β in [0, 1], as it is kept of the slices: of the places at β against the vectors at
    β. Between two slices the trustworthiness is lower than at either, so nothing of it is taken from them. On a few
    thousand studies a second of one core."""
    kept = layout.quality(0.0 if len(layout.xy) == 1 else beta)
    if kept:
        return kept
    return MapQuality(*_judge(vectors.of_studies(space, beta, layout.rows), layout.at(beta), vectors.engine.config))


def atlas_file(vectors: Vectors, table: StudyTable, progress: Progress = iter) -> dict[str, bytes]:
    """The map that is shown first, as the file that a checkpoint holds, by its name."""
    arrays = fit_layout(vectors, table, progress=progress)._asdict()
    packed = pack_arrays(arrays, table, settings=settings(vectors.engine.config), half=False)
    return {f"{file_name(FUSED, UMAP)}.safetensors": packed}


def sample(table: StudyTable, rows: Int[np.ndarray, "all"], most: int) -> Int[np.ndarray, "n"]:
    """At most so many of some rows, in their order: the same share of every combination of findings and split."""
    if len(rows) <= most:
        return rows
    strata: dict[tuple, int] = {}
    kinds = ((frozenset(s.labels), s.split) for s in (table.studies[row] for row in rows))
    stratum = np.array([strata.setdefault(kind, len(strata)) for kind in kinds])
    shuffled = np.random.default_rng(SEED).random(len(rows))
    by_stratum = rows[np.lexsort((shuffled, stratum))]
    return np.sort(by_stratum[(np.arange(most) * (len(rows) / most)).astype(int)])


def place(
    layout: Layout, finder: Finder, encoded: Encoded, space: str, beta: float, row: int | None = None
) -> MapPosition | None:
    """Where a case lies: the mean of its nearest studies' places, weighted by the inverse square of their distances
    (Shepard 1968). UMAP's alignment cannot transform new points; this is deterministic, and next to a reference study
    lies where that one lies.

    Args:
        finder: over the studies of the layout.
        row: of the case in the reference, where it is one of its studies: it lies where it lies.

    Returns:
        None where the case lacks a modality that the space is made of.
    """
    vector = finder.vectors.of_case(encoded, space, beta)
    if vector is None:
        return None
    near = finder.nearest(space, vector, beta, PLACE_NEIGHBOURS, without=row)
    places = layout.at(beta)
    own = np.flatnonzero(layout.rows == row) if row is not None else np.zeros(0, int)
    if len(own):
        xy = places[own[0]]
    else:
        weights = 1 / np.maximum(near.distances, 1e-6) ** 2
        xy = np.average(places[np.searchsorted(layout.rows, near.rows)], axis=0, weights=weights)
    return MapPosition(xy, float(near.distances[0]))


class _Slice:
    """Vectors made when umap asks for them, which says how far it is: it has no other word for that."""

    def __init__(self, make: Callable[[], np.ndarray]):
        self.make = make

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self.make(), dtype)


def _umap(slice_at, betas: np.ndarray, count: int, config: Config, progress: Progress) -> np.ndarray:
    import umap  # compiles for seconds: not at every start

    steps = iter(progress([*betas, "together"]))

    def taken(beta: float) -> Callable[[], np.ndarray]:
        def make() -> np.ndarray:
            next(steps, None)
            return slice_at(beta)

        return make

    chosen = {
        "n_neighbors": min(config.atlas_neighbours, count - 1),
        "metric": config.atlas_metric,
        "random_state": SEED,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap says that a seed costs it its threads
        if len(betas) == 1:
            xy = [umap.UMAP(**chosen).fit_transform(taken(betas[0])())]
        else:
            same = [{i: i for i in range(count)}] * (len(betas) - 1)
            xy = umap.AlignedUMAP(**chosen).fit([_Slice(taken(b)) for b in betas], relations=same).embeddings_
    for _ in steps:  # to its end, whatever umap asked for
        pass
    return np.stack(xy)


def _principal(slices: list[np.ndarray]) -> np.ndarray:
    """On the same two components at every β."""
    fitted = PCA(2, random_state=SEED).fit(np.concatenate(slices))
    return np.stack([fitted.transform(vectors) for vectors in slices])


def _judge(vectors: np.ndarray, xy: np.ndarray, config: Config) -> tuple[float, np.ndarray]:
    """Trustworthiness of a slice on a sample of its studies, and how far these are from the nearest other one."""
    some = _sample_of(xy)
    trust = _trustworthiness(vectors[some], xy[some], config)
    index = NearestNeighbors(metric=config.atlas_metric, algorithm="brute").fit(vectors)
    nearest = index.kneighbors(vectors[some], n_neighbors=2)[0][:, 1]
    return trust, np.quantile(nearest, QUANTILES)


def _sample_of(xy: Float[np.ndarray, "n 2"]) -> Int[np.ndarray, "k"]:
    """The studies on which a map is judged: JUDGED of those that have a place."""
    known = np.flatnonzero(np.isfinite(xy).all(1))
    return np.sort(np.random.default_rng(SEED).permutation(known)[:JUDGED])


def _trustworthiness(vectors: Float[np.ndarray, "k d"], xy: Float[np.ndarray, "k 2"], config: Config) -> float:
    neighbours = min(config.atlas_neighbours, (len(xy) - 1) // 2)
    return float(trustworthiness(vectors, xy, n_neighbors=neighbours, metric=config.atlas_metric))


def _between(slices: Float[np.ndarray, "slices *rest"], beta: float) -> Float[np.ndarray, "*rest"]:
    if len(slices) == 1:
        return slices[0]
    at = beta * (len(slices) - 1)
    low = min(int(at), len(slices) - 2)
    share = np.float32(at - low)
    return (1 - share) * slices[low] + share * slices[low + 1]


def _check(vectors: Vectors, space: str, method: str) -> None:
    if space not in SPACES or method not in METHODS:
        raise ChoiceError(
            f"The map {space!r} by {method!r} is unknown; expected {', '.join(SPACES)}, by {' or '.join(METHODS)}."
        )
    if (count := int(vectors.has(space).sum())) < FEWEST:
        raise ChoiceError(f"{count} studies have a place in this space; a map needs at least {FEWEST}.")
