"""The embeddings of a table's studies under a model: what metrics over β, the atlas and neighbours are made of."""

import logging
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

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
    image, report, has = [], [], []
    for start in progress(range(0, len(studies), BATCH)):
        v, t, h = _encode_batch(engine, studies[start : start + BATCH])
        image.append(v)
        report.append(t)
        has.append(h)
    return Reference(tuple(s.study_id for s in studies), np.vstack(image), np.vstack(report), np.vstack(has))


@torch.no_grad()
def _encode_batch(engine: Engine, studies: tuple[Study, ...]):
    pooled, has = pool_studies(engine, studies)
    image, report = engine.network.embed(pooled)
    return image.cpu().numpy(), report.cpu().numpy(), has


def pool_studies(engine: Engine, studies: tuple[Study, ...]) -> tuple[Pooled, Float[np.ndarray, "n 2"]]:
    """The pooled vectors of a batch, and which modality each study has."""
    encoded = engine.encode_cases([_case(study, engine.config.image_size) for study in studies])
    return stack_pooled(encoded), np.array([[m in case.modalities for m in MODALITIES] for case in encoded], np.float32)


def _case(study: Study, side: int) -> Case:
    try:
        return Case.of(load_film(study), study.report, side)
    except ImageError as error:
        log.warning("%s Its report alone is used, if it has one.", error)
        return Case(None, None, study.report)
