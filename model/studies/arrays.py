"""Studies as arrays in memory: what training reads, epoch after epoch."""

from itertools import compress
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from model.config import Config
from model.network.preprocess import fit_film
from model.progress import Progress
from model.studies.content import Content, content_of
from model.studies.table import Study, film_if_readable, label_matrix


class StudyArrays(NamedTuple):
    """n studies, their films fitted into squares.

    `has` is 1 where a study has an image and where it has a report. `masks` are the outlines of the findings, values
    in [0, 1] on a coarse grid, and NaN where none is known.
    """

    films: UInt8[np.ndarray, "n side side"]
    reports: list[str]
    labels: Float[np.ndarray, "n findings"]
    has: Float[np.ndarray, "n 2"]
    masks: Float[np.ndarray, "n findings rows cols"] | None = None
    study_ids: tuple[str, ...] = ()  # empty where nobody asks for them
    contents: tuple[Content, ...] = ()  # likewise

    def __len__(self) -> int:
        return len(self.reports)

    def rows(self, rows: Int[np.ndarray, "m"]) -> "StudyArrays":
        """Some of the studies."""
        return StudyArrays(
            self.films[rows],
            [self.reports[i] for i in rows],
            self.labels[rows],
            self.has[rows],
            None if self.masks is None else self.masks[rows],
            tuple(self.study_ids[i] for i in rows) if self.study_ids else (),
            tuple(self.contents[i] for i in rows) if self.contents else (),
        )


def load_arrays(
    studies: tuple[Study, ...],
    config: Config,
    progress: Progress = iter,
    masks: Float[np.ndarray, "n findings rows cols"] | None = None,
) -> StudyArrays:
    """Read the films of some studies, as a model of this config sees them. A film that cannot be read is named and
    counts as missing."""
    side = config.image_size
    films = np.zeros((len(studies), side, side), np.uint8)
    has = np.array([[0, bool(s.report.strip())] for s in studies], np.float32).reshape(-1, 2)
    contents = [content_of(s, None) for s in studies]
    for i, study in enumerate(progress(studies)):
        if film := film_if_readable(study):
            films[i] = np.round(fit_film(film.pixels, side, config.image_fit)[0] * 255)
            contents[i] = content_of(study, film)
            has[i, 0] = 1
    usable = has.max(1) > 0
    kept = tuple(compress(studies, usable))
    return StudyArrays(
        films=films[usable],
        reports=[s.report for s in kept],
        labels=label_matrix(kept, config.findings),
        has=has[usable],
        masks=None if masks is None else masks[usable],
        study_ids=tuple(s.study_id for s in kept),
        contents=tuple(compress(contents, usable)),
    )


def joined(a: StudyArrays, b: StudyArrays) -> StudyArrays:
    """The studies of both; by content those of the first are known."""
    masks = None if a.masks is None or b.masks is None else np.concatenate([a.masks, b.masks])
    films, labels, has = (np.concatenate([x, y]) for x, y in ((a.films, b.films), (a.labels, b.labels), (a.has, b.has)))
    return StudyArrays(films, a.reports + b.reports, labels, has, masks, contents=a.contents)
