"""The encoders' outputs for a table's studies, cached: heads and projections come and go while the encoders stay."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from model.inference.array_cache import Arrays, cached_arrays
from model.inference.embeddings import Reference, pool_studies
from model.inference.engine import Engine
from model.network.network import Network, Pooled
from model.progress import Progress
from model.studies.table import Study, StudyTable

POOLED = "pooled"
ENCODERS = ("image_encoder.", "neck.", "report_encoder.")


class PooledStudies(NamedTuple):
    """The pooled vectors of n studies, in the order of the table. That of a modality which a study lacks is
    meaningless; `has` says which it has."""

    study_ids: tuple[str, ...]
    image: Float[np.ndarray, "n image_channels"]
    report: Float[np.ndarray, "n report_channels"]
    has: Float[np.ndarray, "n 2"]

    def rows(self, studies: Iterable[Study]) -> np.ndarray:
        """The positions of some studies."""
        where = {study_id: i for i, study_id in enumerate(self.study_ids)}
        return np.array([where[s.study_id] for s in studies], int)

    @torch.no_grad()
    def embedded(self, engine: Engine) -> Reference:
        """Their embeddings under an engine that has the same encoders."""
        pooled = Pooled(*(torch.from_numpy(a).to(engine.device) for a in (self.image, self.report)))
        image, report = (e.cpu().numpy() for e in engine.network.embed(pooled))
        return Reference(self.study_ids, image, report, self.has)


def load_pooled(engine: Engine, table: StudyTable, progress: Progress = iter) -> PooledStudies:
    """The pooled vectors of a table, from where any model with these encoders kept them, or computed and kept.

    Args:
        progress: wraps the loop over batches, where they must be computed.
    """

    def compute() -> Arrays:
        return pool_studies(engine, table.studies, progress)

    arrays = cached_arrays(engine, table, POOLED, compute, of=encoders_digest(engine.network))
    return PooledStudies(tuple(s.study_id for s in table.studies), **arrays)


def encoders_digest(network: Network) -> str:
    """SHA-256 of all that a pooled vector depends on."""
    digest = hashlib.sha256(str(network.config.image_size).encode())
    for name, tensor in network.state_dict().items():
        if name.startswith(ENCODERS):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
