"""The embeddings of a table's studies under a model: what metrics over β, the atlas and neighbours are made of."""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from model.errors import ImageError
from model.inference.array_cache import Arrays, cached_arrays
from model.inference.encoding import MODALITIES, Case, stack_pooled
from model.inference.engine import Engine
from model.network.network import Pooled, allowed_beta
from model.progress import Progress
from model.studies.table import Study, StudyTable, load_film

log = logging.getLogger(__name__)

REFERENCE = "reference"
BATCH = 16


class Reference(NamedTuple):
    """Embeddings of n studies, in the order of the table.

    `has` says which modality a study has; the embedding of the one it lacks is meaningless.
    """

    study_ids: tuple[str, ...]
    image: Float[np.ndarray, "n width"]
    report: Float[np.ndarray, "n width"]
    has: Float[np.ndarray, "n 2"]

    def arrays(self) -> Arrays:
        """All but the ids, which are the table's."""
        return {"image": self.image, "report": self.report, "has": self.has}

    def rows(self, studies: Iterable[Study]) -> np.ndarray:
        """The positions of some studies."""
        where = {study_id: i for i, study_id in enumerate(self.study_ids)}
        return np.array([where[s.study_id] for s in studies], int)


@torch.no_grad()
def logits_at(engine: Engine, reference: Reference, beta: float, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Logits of reference studies at β: (n, findings). A study that lacks a modality stays with the other."""
    image, report, has = (torch.from_numpy(a[rows]).to(engine.device) for a in reference[1:])
    return engine.network.decide(image, report, allowed_beta(has, beta)).cpu().numpy()


def load_reference(engine: Engine, table: StudyTable, progress: Progress = iter) -> Reference:
    """The embeddings of a table, from where they were kept, or computed and kept.

    Args:
        progress: wraps the loop over batches, where they must be computed.
    """

    def compute() -> Arrays:
        return encode_studies(engine, table.studies, progress).arrays()

    return Reference(tuple(s.study_id for s in table.studies), **cached_arrays(engine, table, REFERENCE, compute))


def encode_studies(engine: Engine, studies: tuple[Study, ...], progress: Progress = iter) -> Reference:
    """Run the encoders over studies in batches."""
    return Reference(
        tuple(s.study_id for s in studies), **pool_studies(engine, studies, progress, engine.network.embed)
    )


@torch.no_grad()
def pool_studies(
    engine: Engine,
    studies: tuple[Study, ...],
    progress: Progress = iter,
    made: Callable[[Pooled], tuple[Tensor, Tensor]] = tuple,
) -> Arrays:
    """The pooled vectors of studies, `image` and `report`, and which modality each study `has`.

    Args:
        made: what to keep of the pooled vectors of a batch instead.
    """
    image, report, has = [], [], []
    for start in progress(range(0, len(studies), BATCH)):
        encoded = engine.encode_cases([_case(s, engine.config.image_size) for s in studies[start : start + BATCH]])
        vectors = made(stack_pooled(encoded))
        image.append(vectors[0].cpu().numpy())
        report.append(vectors[1].cpu().numpy())
        has.append(np.array([[m in case.modalities for m in MODALITIES] for case in encoded], np.float32))
    return {"image": np.vstack(image), "report": np.vstack(report), "has": np.vstack(has)}


def _case(study: Study, side: int) -> Case:
    try:
        return Case.of(load_film(study), study.report, side)
    except ImageError as error:
        log.warning("%s Its report alone is used, if it has one.", error)
        return Case(None, None, study.report)
