"""The atlas: one map of the reference studies that moves with β, and the place of a case on it.

Fused embeddings at a few β are laid out together with AlignedUMAP (McInnes et al., "UMAP", 2018; umap-learn), so that
moving β morphs one map instead of drawing unrelated ones. Fitted once for a model and table, and kept with them.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors

from model.data import StudyTable
from model.engine import Encoded, Engine
from model.kept import kept_arrays
from model.network import allowed_beta
from model.reference import Reference

NAME = "atlas"
SLICES = (0.0, 0.25, 0.5, 0.75, 1.0)
MAP_NEIGHBOURS = 15  # UMAP's default: local structure, without breaking classes into crumbs
PLACE_NEIGHBOURS = 10
SEED = 0


class Atlas(NamedTuple):
    """The map of n reference studies at each slice of β; between slices it is interpolated."""

    study_ids: tuple[str, ...]
    xy: Float[np.ndarray, "slices n 2"]

    def at(self, beta: float) -> Float[np.ndarray, "n 2"]:
        """Positions at β in [0, 1]."""
        place = beta * (len(SLICES) - 1)
        low = min(int(place), len(SLICES) - 2)
        return self.xy[low] + (place - low) * (self.xy[low + 1] - self.xy[low])


class Neighbours(NamedTuple):
    """The nearest reference studies of a case: rows of the reference and Euclidean distances, nearest first."""

    rows: Int[np.ndarray, "k"]
    distances: Float[np.ndarray, "k"]


def load_atlas(engine: Engine, table: StudyTable, reference: Reference) -> Atlas:
    """The atlas of a model and table, from where it was kept, or fitted (about a minute) and kept."""
    arrays = kept_arrays(engine, table, NAME, lambda: {"xy": fit_atlas(engine, reference).xy})
    return Atlas(reference.study_ids, arrays["xy"])


def fit_atlas(engine: Engine, reference: Reference) -> Atlas:
    """Lay out the reference studies at all slices together. A seed makes it the same map every time."""
    from umap import AlignedUMAP  # compiles for seconds: not at every start

    slices = [fused(engine, reference, beta) for beta in SLICES]
    same = [{i: i for i in range(len(reference.study_ids))}] * (len(slices) - 1)
    neighbours = min(MAP_NEIGHBOURS, len(reference.study_ids) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # umap says that a seed costs it its threads
        umap = AlignedUMAP(n_neighbors=neighbours, random_state=SEED).fit(slices, relations=same)
    return Atlas(reference.study_ids, np.stack(umap.embeddings_).astype(np.float32))


@torch.no_grad()
def fused(engine: Engine, reference: Reference, beta: float) -> Float[np.ndarray, "n width"]:
    """Fused embeddings of the reference studies at β. A study that lacks a modality stays with the other."""
    image, report, has = (torch.from_numpy(a).to(engine.device) for a in reference[1:])
    return engine.network.fusion(image, report, allowed_beta(has, beta)).cpu().numpy()


@torch.no_grad()
def neighbours(engine: Engine, reference: Reference, encoded: Encoded, beta: float, count: int) -> Neighbours:
    """The reference studies nearest to a case in fused space at β."""
    beta = engine.clamp_beta(encoded, beta)
    betas = torch.full((1, 1), beta, device=engine.device)
    case = engine.network.fusion(*engine.network.embed(encoded.pooled), betas).cpu().numpy()
    index = NearestNeighbors(n_neighbors=min(count, len(reference.study_ids))).fit(fused(engine, reference, beta))
    distances, rows = index.kneighbors(case)
    return Neighbours(rows[0], distances[0])


def place(engine: Engine, atlas: Atlas, reference: Reference, encoded: Encoded, beta: float) -> Float[np.ndarray, "2"]:
    """Where a case lies on the map at β: the mean of its nearest studies' places, weighted by their nearness.

    AlignedUMAP cannot transform new points; this is deterministic, and a reference study lies where it lies.
    """
    near = neighbours(engine, reference, encoded, beta, PLACE_NEIGHBOURS)
    weights = 1 / (near.distances + 1e-3)
    return np.average(atlas.at(beta)[near.rows], axis=0, weights=weights)
