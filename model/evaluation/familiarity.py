"""Measures what a model's studies are like, and how far from them those are that it has not learnt from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from model.evaluation.held_out import ITSELF, predictors_of
from model.inference.embeddings import PooledStudies, encoders_digest, pool_studies
from model.inference.encoding import MODALITIES
from model.inference.engine import Engine
from model.inference.familiarity import LEVEL, Known, KnownStudies, level, p_values
from model.progress import Progress
from model.studies.table import Study, StudyTable, film_if_readable
from model.training.calibration import parts_of
from model.view import view_of

VIEWED = 40
FRONTAL = 0.75  # the share of films that makes a model one of frontal films of chests


class MeasuredFamiliarity(NamedTuple):
    """What a model's studies are like, and how far from them each of the n studies of a table is.

    Attributes:
        known: what the studies are like.
        distances: by modality; NaN of a study that lacks it, or that no network has not learnt from.
        by_folds: whether networks of a cross-validation measured studies.
    """

    known: KnownStudies
    distances: dict[str, Float[np.ndarray, "n"]]
    by_folds: bool

    def stopped(self, studies: tuple[Study, ...]) -> Bool[np.ndarray, "n"]:
        """Of which studies the model cannot tell, each by the held-out studies of other patients."""
        parts, number = parts_of(studies), np.sum([~np.isnan(d) for d in self.distances.values()], axis=0)
        found = np.zeros(len(studies), bool)
        for distances in self.distances.values():
            for part in np.unique(parts):
                own = (parts == part) & ~np.isnan(distances)
                others = np.sort(distances[(parts != part) & ~np.isnan(distances)])
                found[own] |= p_values(others, distances[own]) < level(number[own])
        return found

    def figures(self, studies: tuple[Study, ...]) -> dict[str, Any]:
        """Plain values for the model card: the level, how many held-out studies were measured by modality, and of which
        share of them, of those of split test where the model was not cross-validated, it cannot tell."""
        held_out = np.any([~np.isnan(d) for d in self.distances.values()], axis=0)
        test = held_out & np.array([s.split == "test" for s in studies], bool)
        judged = test if test.any() and not self.by_folds else held_out
        return {
            "level": LEVEL,
            "held_out": {modality: int((~np.isnan(d)).sum()) for modality, d in self.distances.items()},
            "of": "test" if judged is test else "held_out",
            "n": int(judged.sum()),
            "stopped": float(self.stopped(studies)[judged].mean()) if judged.any() else None,
        }


def measure_familiarity(
    engine: Engine, table: StudyTable, pooled: PooledStudies, progress: Progress = iter
) -> MeasuredFamiliarity:
    """What the studies are like that a model has learnt from, and how far from them the others of the table are: those
    that no training saw, and those that a network of its cross-validation has not seen, by what that one learnt from.

    Args:
        engine: with the provenance that its network has.
        pooled: the vectors of the table's studies.
        progress: wraps the loop over batches, where networks of the cross-validation have encoders of their own.

    Raises:
        CheckpointError: an older checkpoint was cross-validated on studies that it cannot name.
    """
    judges = predictors_of(engine, table, table.studies)
    folds = range(len(engine.provenance.folds)) if engine.provenance else ()
    known: dict[str, Known] = {}
    distances = {modality: np.full(len(judges), np.nan) for modality in MODALITIES}
    own = encoders_digest(engine.network)
    for number in (*folds, ITSELF):
        network = engine if number == ITSELF else engine.fold(number)
        same = number == ITSELF or encoders_digest(network.network) == own
        vectors = pooled if same else pool_studies(network, table.studies, progress)
        for modality in MODALITIES:
            has, of_all = vectors.has[:, MODALITIES.index(modality)] > 0, vectors.of(modality)
            fitted = Known.of(of_all[has & (judges != ITSELF) & (judges != number)])
            held_out = has & (judges == number)
            if fitted is None:
                continue
            if held_out.any():
                distances[modality][held_out] = fitted.distances(of_all[held_out])
            if number == ITSELF:
                apart = distances[modality]
                known[modality] = fitted.against(apart[~np.isnan(apart)])
    learnt = [s for s, judge in zip(table.studies, judges, strict=True) if judge != ITSELF]
    return MeasuredFamiliarity(KnownStudies(known, are_frontal(learnt)), distances, len(folds) > 0)


def are_frontal(studies: Sequence[Study]) -> bool:
    """Whether most films of studies are frontal radiographs of chests that hang as they are read: of VIEWED of them, at
    the most, evenly chosen."""
    having = [s for s in studies if s.image]
    films = filter(None, map(film_if_readable, having[:: max(1, -(-len(having) // VIEWED))]))
    views = [view_of(film.pixels).kind for film in films]
    return views.count("frontal") > FRONTAL * len(views)
