"""The demo as a table of studies, and as arrays to train on."""

import csv
from pathlib import Path

import numpy as np
from jaxtyping import Float

from model.config import Config
from model.errors import StudyTableError
from model.network.preprocess import fit_film
from model.storage.files import file_digest
from model.studies.arrays import StudyArrays
from model.studies.demo import ASSETS, BOUNDED, FINDINGS, MASK_SIZE, load_demo, truth
from model.studies.demo.reports import load_reports
from model.studies.demo.wording import Edits, reworded
from model.studies.table import About, Study, StudyTable

OUTLINE_CELLS = 20  # a side: what the extra films' outlines are stored at

SUMMARY = """The model of the embedded demo. It reads **rendered radiographs of one CT** with real, de-identified
reports of the Indiana University collection, as they are or reworded. Its figures say how well the demo works; nothing
about performance on patients follows from them."""


def open_demo() -> StudyTable:
    """The embedded demo.

    Raises:
        StudyTableError: its files or the package of reports are missing.
    """
    studies = [Study(s.study_id, s.image, s.report, s.labels, s.patient_id, s.split, s.discordant) for s in load_demo()]
    digest = file_digest(ASSETS / "studies.csv")
    about = About("page.demo", ASSETS, SUMMARY, truth, outlines, BOUNDED)
    return StudyTable("the embedded demo", studies, [], digest, about)


def outlines(studies: tuple[Study, ...]) -> Float[np.ndarray, "n findings cells cells"]:
    """The share of each cell that a finding covers; 0 where a study does not have it."""
    grids = np.zeros((len(studies), len(FINDINGS), OUTLINE_CELLS, OUTLINE_CELLS), np.float32)
    # Each cell is sampled 24² times.
    picks = ((np.arange(OUTLINE_CELLS * 24) + 0.5) * MASK_SIZE / (OUTLINE_CELLS * 24)).astype(int)
    for i, study in enumerate(studies):
        for finding, mask in truth(study.study_id).masks.items():
            fine = mask[np.ix_(picks, picks)].reshape(OUTLINE_CELLS, 24, OUTLINE_CELLS, 24)
            grids[i, FINDINGS.index(finding)] = fine.mean((1, 3), dtype=np.float32)
    return grids


def extra_arrays(folder: Path, config: Config) -> StudyArrays:
    """The further films that `python -m model.studies.demo.build --extra` wrote to a folder, of training reports alone.

    Raises:
        StudyTableError: the folder does not hold them.
    """
    try:
        films, packed = np.load(folder / "films.npy", mmap_mode="r"), np.load(folder / "masks.npy")
        with (folder / "studies.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise StudyTableError(
            f"{folder} holds no further films: run python -m model.studies.demo.build --extra."
        ) from error
    reports = load_reports()
    squares = (fit_film(f / np.float32(255), config.image_size, config.image_fit)[0] for f in films)
    shape = (len(rows), len(FINDINGS), OUTLINE_CELLS, OUTLINE_CELLS)
    return StudyArrays(
        films=np.stack([np.round(square * 255).astype(np.uint8) for square in squares]),
        reports=[
            reworded(reports[row["report_id"]].text, Edits.from_text(row.get("edits", "")), int(row.get("seed", 0)))
            for row in rows
        ],
        labels=np.array([[f in row["label"].split("|") for f in FINDINGS] for row in rows], np.float32),
        has=np.ones((len(rows), 2), np.float32),
        masks=np.unpackbits(packed, axis=-1).reshape(shape).astype(np.float32),
    )
