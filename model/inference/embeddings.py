"""The vectors of a table's studies under a model, cached: its embeddings, which metrics over β, the atlas and
neighbours are made of, and the encoders' outputs, which stay while heads and projections come and go."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from model.config import WHOLE
from model.inference.array_cache import cached_arrays
from model.inference.array_file import Arrays
from model.inference.encoding import MODALITIES, Case, stack_pooled
from model.inference.engine import Engine
from model.network.network import Network, Pooled, allowed_beta
from model.progress import Progress
from model.studies.table import Study, StudyTable, film_if_readable

REFERENCE, POOLED, TEXTURE = "reference", "pooled", "texture"
ENCODERS = ("image_encoder.", "neck.", "report_encoder.")  # parts of a network that a pooled vector depends on
BATCH = 16


class _ByStudy:
    """Arrays with a row for each of n studies, in the order of the table."""

    study_ids: tuple[str, ...]
    _asdict: Callable[[], dict[str, Any]]

    def rows(self, studies: Iterable[Study]) -> np.ndarray:
        """The positions of some studies."""
        where = {study_id: i for i, study_id in enumerate(self.study_ids)}
        return np.array([where[s.study_id] for s in studies], int)

    def arrays(self) -> Arrays:
        """All but the ids, which are the table's."""
        return {name: array for name, array in self._asdict().items() if name != "study_ids"}


class _Embeddings(NamedTuple):
    study_ids: tuple[str, ...]
    image: Float[np.ndarray, "n width"]
    report: Float[np.ndarray, "n width"]
    has: Float[np.ndarray, "n 2"]


class _Vectors(NamedTuple):
    study_ids: tuple[str, ...]
    image: Float[np.ndarray, "n image_channels"]
    report: Float[np.ndarray, "n report_channels"]
    has: Float[np.ndarray, "n 2"]
    texture: Float[np.ndarray, "n texture_channels"]


class Reference(_Embeddings, _ByStudy):
    """Embeddings of n studies, in the order of the table; those of image and report have the model's width.

    `has` says which modality a study has; the embedding of the one it lacks is meaningless.
    """


class PooledStudies(_Vectors, _ByStudy):
    """The pooled vectors of n studies, in the order of the table, and `texture`, that of the finer map of an image.
    Those of a modality which a study lacks are meaningless; `has` says which it has."""

    def of(self, modality: str) -> Float[np.ndarray, "n d"]:
        """What tells whether a modality is like others: see `model.inference.familiarity`."""
        return self.texture if modality == "image" else self.report

    @torch.no_grad()
    def embedded(self, engine: Engine) -> Reference:
        """Their embeddings under an engine that has the same encoders."""
        pooled = Pooled(*(torch.from_numpy(a).to(engine.device) for a in (self.image, self.report)))
        image, report = (e.cpu().numpy() for e in engine.network.embed(pooled))
        return Reference(self.study_ids, image, report, self.has)


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
        return pool_studies(engine, table.studies, progress).embedded(engine).arrays()

    return Reference(_ids(table.studies), **cached_arrays(engine, table, REFERENCE, compute))


def load_pooled(engine: Engine, table: StudyTable, progress: Progress = iter) -> PooledStudies:
    """The pooled vectors of a table, from where any model with these encoders kept them, or computed and kept.

    Args:
        progress: wraps the loop over batches, where they must be computed.
    """

    def compute() -> Arrays:
        return pool_studies(engine, table.studies, progress).arrays()

    arrays = cached_arrays(engine, table, POOLED, compute, of=encoders_digest(engine.network), settings=TEXTURE)
    return PooledStudies(_ids(table.studies), **arrays)


def encode_studies(engine: Engine, studies: tuple[Study, ...], progress: Progress = iter) -> Reference:
    """Run the encoders over studies in batches, for their embeddings."""
    return pool_studies(engine, studies, progress).embedded(engine)


@torch.no_grad()
def pool_studies(engine: Engine, studies: tuple[Study, ...], progress: Progress = iter) -> PooledStudies:
    """Run the encoders over studies in batches, for their pooled vectors."""
    parts, textures = [], []
    for start in progress(range(0, len(studies), BATCH)):
        some = studies[start : start + BATCH]
        encoded = engine.encode_cases(
            [Case.of(film_if_readable(s), s.report, engine.config) for s in some], views=False
        )
        vectors = (part.cpu().numpy() for part in stack_pooled(encoded))
        has = np.array([[m in case.modalities for m in MODALITIES] for case in encoded], np.float32)
        parts.append((*vectors, has))
        textures += [case.texture for case in encoded]
    image, report, has = map(np.vstack, zip(*parts, strict=True))
    films = [t.cpu().numpy()[0] for t in textures if t is not None]
    texture = np.zeros((len(studies), films[0].size if films else 1), np.float32)
    texture[has[:, 0] > 0] = films or texture[:0]
    return PooledStudies(_ids(studies), image, report, has, texture)


def encoders_digest(network: Network) -> str:
    """SHA-256 of all that a pooled vector depends on."""
    fit = "" if network.config.image_fit == WHOLE else network.config.image_fit
    digest = hashlib.sha256(f"{network.config.image_size}{fit}".encode())
    for name, tensor in network.state_dict().items():
        if name.startswith(ENCODERS):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _ids(studies: tuple[Study, ...]) -> tuple[str, ...]:
    return tuple(s.study_id for s in studies)
