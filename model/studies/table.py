"""Tables of studies: what a model is trained, measured and explained on.

`studies.csv` has the columns `study_id`, `image` (a path below the file's folder), `report` and `label` (findings
joined by `|`; exactly one finding everywhere means single-label), and optionally `patient_id`, `split` (train, val or
test), `discordant` (1 where image and report disagree on purpose), `source` (the site or collection it comes from) and
`lung_mask` (a path: a picture of the size of the image, white where there is lung). An image or a report may be empty,
not both. A row without any label has the label NaN; an empty one means no finding, except in a table that names exactly
one everywhere else.

Reports are most of a table, so they stay in the file: a table of 100,000 studies takes some 40 MB of memory.
"""

import hashlib
import sys
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.errors import ChoiceError, ImageError, ReportError, StudyTableError
from model.inputs import Film, read_film, read_report
from model.rows import Files, Skipped, label_is_missing, skipped_in_words
from model.table_file import TableFile

REQUIRED = ("study_id", "image", "report", "label")
SPLITS = ("train", "val", "test")


class _Row(NamedTuple):
    """A study as it is kept: in a large table every byte is there 100,000 times."""

    study_id: str
    image: Path | str | None  # a path, or a name below the folder of `file`
    report: str | None  # None where it stays in `file`
    labels: frozenset[str]
    patient_id: str
    split: str
    discordant: bool = False
    lung_mask: Path | None = None
    line: int = 0
    file: TableFile | None = None
    source: str = ""


class Study(_Row):
    """One row of a table.

    `line` is the one it begins on in its file; 0 where it has none.
    """

    __slots__ = ()

    @property
    def image(self) -> Path | None:
        """The film's file, or None where there is no film."""
        kept = self[1]
        return self.file.path.parent / kept if isinstance(kept, str) else kept

    @property
    def report(self) -> str:
        """The report, or "" where there is none; read from the file each time, where it stays there.

        Raises:
            StudyTableError: the file is gone, or was changed after it had been opened.
        """
        kept = self[2]
        return self.file.report(self.line) if kept is None else kept


class StudyTable:
    """Studies in the order of their file.

    Attributes:
        studies: what can be used.
        skipped: what cannot, and why.
        findings: names in alphabetical order: the order of a model's logits.
        problem_type: single-label where every study has exactly one finding, multi-label otherwise.
        digest: SHA-256 of the file.
    """

    def __init__(self, name: str, studies: list[Study], skipped: list[Skipped], digest: str, is_demo: bool = False):
        self.name = name
        self.studies = tuple(studies)
        self.skipped = tuple(skipped)
        self.digest = digest
        self.is_demo = is_demo
        self.findings = tuple(sorted(frozenset().union(*{s.labels for s in studies})))
        self.problem_type = SINGLE_LABEL if all(len(s.labels) == 1 for s in studies) else MULTI_LABEL

    @cached_property
    def _by_id(self) -> dict[str, Study]:
        return {s.study_id: s for s in self.studies}

    def by_id(self, study_id: str) -> Study:
        """The study of that id.

        Raises:
            ChoiceError: there is none.
        """
        if study_id not in self._by_id:
            raise ChoiceError(f"There is no study {study_id[:40]!r} in {self.name}.")
        return self._by_id[study_id]

    def words(self) -> list[str]:
        """What whoever trains or measures on this table should know of it, a line each; nothing where all is well."""
        said = skipped_in_words(self.name, self.skipped)
        splits = {(s.patient_id, s.split) for s in self.studies}
        if divided := len(splits) - len({patient for patient, _ in splits}):
            said.append(
                f"{self.name}: {divided:,} patient{'s have' if divided > 1 else ' has'} studies in more than one "
                "split, so that what is measured looks too good; `betalens import csv` keeps each in one"
            )
        return said

    def of_split(self, split: str) -> tuple[Study, ...]:
        """The studies of `train`, `val` or `test`, or of all splits for `all`.

        Raises:
            ChoiceError: the split is unknown, or has no study.
        """
        if split not in (*SPLITS, "all"):
            raise ChoiceError(f"Split {split!r} is unknown; expected {', '.join(SPLITS)} or all.")
        chosen = tuple(s for s in self.studies if split in (s.split, "all"))
        if not chosen:
            raise ChoiceError(f"The table {self.name} has no study in split {split}.")
        return chosen


def label_matrix(studies: tuple[Study, ...], findings: tuple[str, ...]) -> Float[np.ndarray, "n findings"]:
    """1 where a study has a finding, 0 elsewhere."""
    return np.array([[f in s.labels for f in findings] for s in studies], np.float32).reshape(-1, len(findings))


def load_film(study: Study) -> Film | None:
    """The film of a study, or None where it has none.

    Raises:
        ImageError: the file cannot be read as a film; the message names the line of the table.
    """
    if study.image is None:
        return None
    try:
        return read_film(study.image.read_bytes(), alone=False)
    except ImageError as error:
        raise ImageError(f"{_place(study)}{error}") from None
    except OSError as error:
        raise ImageError(f"{_place(study)}the image cannot be read: {error.strerror}.") from None


def load_report(study: Study) -> str:
    """The report of a study as it is shown and encoded, "" where it has none.

    Raises:
        ReportError: it is too long; the message names the line of the table.
        StudyTableError: the table is gone, or was changed after it had been opened.
    """
    try:
        return read_report(study.report)
    except ReportError as error:
        raise ReportError(f"{_place(study)}{error}") from None


def _place(study: Study) -> str:
    return f"Line {study.line} of the table of studies: " if study.line else ""


def open_studies(path: Path | None) -> StudyTable:
    """Read a table of studies; the embedded demo where no path is given.

    Rows that cannot be used are left out and named in `skipped`.

    Raises:
        StudyTableError: the file is missing, is no such table, or has no usable row.
    """
    if path is None:
        from model.demo.table import open_demo

        return open_demo()
    try:
        return _read_table(TableFile(path, REQUIRED))
    except OSError as error:
        raise StudyTableError(f"{path} cannot be read as a CSV of studies: {error.strerror}.") from error


def _read_table(file: TableFile) -> StudyTable:
    """Two passes: what a label without a finding means, all the others say."""
    files, seen = Files(file.path.parent), set()
    studies, skipped = [], []
    cells = (row[1]["label"] for row in file.rows() if not isinstance(row, Skipped))
    unlabelled = iter(label_is_missing(cells))
    for read in file.rows():
        if isinstance(read, Skipped):
            skipped.append(read)
            continue
        line, row = read
        why = "its label is missing (empty or NaN)" if next(unlabelled) else _unusable(row, files, seen)
        if why:
            skipped.append(Skipped(line, why))
            continue
        seen.add(row["study_id"])
        studies.append(_study(line, row, file))
    name = file.path.name
    if not studies:
        raise StudyTableError(
            f"{name} has no usable study; line {skipped[0].line}: {skipped[0].why}"
            if skipped
            else f"{name} has no row."
        )
    return StudyTable(name, studies, skipped, file.digest)


def _unusable(row: dict[str, str], files: Files, seen: set[str]) -> str | None:
    if not row["study_id"] or row["study_id"] in seen:
        return "its study_id is empty or not unique"
    if row.get("split", "") not in ("", *SPLITS):
        return f"its split is {row['split'][:20]!r}, not one of {', '.join(SPLITS)}"
    if not row["image"]:
        return None if row["report"].strip() else "it has neither an image nor a report"
    return files.why_unusable(row["image"])


def _study(line: int, row: dict[str, str], file: TableFile) -> Study:
    patient = row.get("patient_id") or row["study_id"]
    return Study(
        study_id=row["study_id"],
        image=sys.intern(row["image"]) if row["image"] else None,
        report=None if row["report"] else "",
        labels=split_labels(row["label"]),
        patient_id=row["study_id"] if patient == row["study_id"] else sys.intern(patient),
        split=sys.intern(row.get("split") or split_of(patient)),
        discordant=row.get("discordant") == "1",
        lung_mask=_inside(file.path.parent, row.get("lung_mask", "")),
        line=line,
        file=file,
        source=sys.intern(row.get("source", "").strip()),
    )


@lru_cache(maxsize=4096)
def split_labels(cell: str) -> frozenset[str]:
    """The findings of a cell that joins them by `|`."""
    return frozenset(label.strip() for label in cell.split("|") if label.strip())


def _inside(folder: Path, name: str) -> Path | None:
    """The file of that name below a folder, if there is one."""
    if not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None


def split_of(patient: str) -> str:
    """70 % train, 15 % val, 15 % test by a hash of the patient: the same for all time, and no patient in two."""
    draw = int.from_bytes(hashlib.sha256(patient.encode()).digest()[:4]) / 2**32
    return "train" if draw < 0.7 else "val" if draw < 0.85 else "test"
