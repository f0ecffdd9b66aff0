"""From a block of studies to the rows of an archive."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from explain.every_beta.evidence import DEFAULT, Evidence, evidence_at
from model.compute.memory import trim_heap
from model.config import Config
from model.errors import InputError
from model.inference.encoding import Case
from model.inference.engine import NOTHING, Engine, valid_beta
from model.inference.familiarity import Familiarity
from model.studies.table import Study, load_film, load_report

CASES = {"cpu": 16, "cuda": 64}  # through the encoders at once
READERS = min(8, os.cpu_count() or 1)  # decoding a film takes about as long as a GPU takes to explain it
PICTURE_SIDE = 512  # at most, of the film under an overlay


class Row(NamedTuple):
    """What became of a study: explained, or why it could not be."""

    study: Study
    error: str = ""
    image_sha256: str | None = None
    picture: UInt8[np.ndarray, "height width"] | None = None  # the film, small
    explained: Evidence | None = None
    familiarity: Familiarity | None = None  # of what is explained


class ReadStudy(NamedTuple):
    """A study as it was read; its case is empty where the row has an error."""

    row: Row
    case: Case


def explain_studies(
    engine: Engine,
    studies: Sequence[Study],
    beta: float | None = None,
    finding: str | None = None,
    image_method: str = DEFAULT["image"],
    report_method: str = DEFAULT["report"],
    done: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """Explain a block of studies, some hundreds: films are read by threads while batches are explained.

    Args:
        beta: None for the model's default; taken as each study allows it.
        finding: None for the most probable one of each study.
        image_method: name of the method for films; see `explain.methods.registry`.
        report_method: name of the method for reports.
        done: told of rows as they are finished, those of a batch at once.

    Returns:
        A row a study, in their order. A study whose film or report cannot be read has its error.

    Raises:
        CheckpointError: what the network makes of a study is not finite.
        ChoiceError: β, the finding or a method is out of range.
        StudyTableError: the table was changed meanwhile.
    """
    beta = valid_beta(engine.default_beta if beta is None else beta)
    # Reports of like length share a batch: padding to the longest of all is most of the work otherwise.
    order = sorted(range(len(studies)), key=lambda i: len(studies[i].report))
    rows: dict[int, Row] = {}
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="read")
    try:
        read = pool.map(lambda i: (i, read_study(studies[i], engine.config)), order)
        while batch := list(islice(read, CASES[engine.device.type])):
            usable = [(i, r) for i, r in batch if not r.row.error]
            encoded = engine.encode_cases([r.case for _, r in usable]) if usable else []
            found = evidence_at(engine, encoded, beta, finding, image_method, report_method) if usable else []
            fresh = {i: r.row for i, r in batch if r.row.error}
            asked = map(engine.familiarity, encoded)
            fresh |= {
                i: r.row._replace(explained=e, familiarity=f) for (i, r), e, f in zip(usable, found, asked, strict=True)
            }
            rows |= fresh
            done(list(fresh.values()))
    finally:
        pool.shutdown(cancel_futures=True)
        trim_heap()
    return [rows[i] for i in range(len(studies))]


def read_study(study: Study, config: Config) -> ReadStudy:
    """Its film as a model of this config sees it, and its report.

    Raises:
        StudyTableError: the table was changed meanwhile.
    """
    nothing = Case(None, None, "")
    try:
        film, report = load_film(study), load_report(study)
        if film is None:
            return ReadStudy(Row(study, "" if report else NOTHING), nothing._replace(report=report))
        picture = Image.fromarray((np.clip(film.pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        row = Row(study, image_sha256=film.sha256, picture=np.asarray(picture))
        return ReadStudy(row, Case.of(film, report, config))
    except InputError as error:
        return ReadStudy(Row(study, str(error)), nothing)
