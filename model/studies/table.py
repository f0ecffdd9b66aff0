"""Tables of studies: what a model is trained, measured and explained on.

`studies.csv` has the columns `study_id`, `image` (a path below the file's folder), `report` and `label` (findings
joined by `|`; exactly one finding everywhere means single-label), and optionally `patient_id`, `split` (train, val or
test), `discordant` (1 where image and report disagree on purpose), `source` (the site or collection it comes from) and
`lung_mask` (a path: a picture of the size of the image, white where there is lung). An image or a report may be empty,
not both. A row without any label has the label NaN; an empty one means no finding, except in a table that names exactly
one everywhere else.

Reports are most of a table, so they stay in the file: a table of 100,000 studies takes some 40 MB of memory.
"""

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.errors import ChoiceError, ImageError, ReportError, StudyTableError
from model.inputs import Film, read_film, read_report
from model.inputs.report import MAX_CHARACTERS, MAX_WORDS, is_too_long
from model.studies.csv_dialect import HeaderColumns
from model.studies.labels import Labels, ReadLabel
from model.studies.names import Patients, is_missing, stated, tidy
from model.studies.on_disk import TableFile
from model.studies.rows import Files, Skipped, renamed_in_words, skipped_in_words
from model.studies.splits import SPLITS, read_split, split_of
from model.studies.stories import NONE_TOLD, Stories

log = logging.getLogger(__name__)

COLUMNS = HeaderColumns(
    ("study_id", "image", "report", "label"), ("patient_id", "split", "discordant", "lung_mask"), ("source",)
)
YES, NO = {"1", "1.0", "true", "yes"}, {"0", "0.0", "false", "no"}
NOT_UNIQUE = "its study_id is empty or not unique"
TOO_LONG = (
    f"its report has more than {MAX_WORDS:,} words or {MAX_CHARACTERS:,} characters; keep the findings and the "
    "impression only"
)


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
    def image(self) -> Path | None:  # pyright: ignore[reportIncompatibleVariableOverride]  a view of what _Row keeps
        """The film's file, or None where there is no film."""
        kept = self[1]
        if not isinstance(kept, str):
            return kept
        assert self.file
        return self.file.path.parent / kept

    @property
    def named_image(self) -> str:
        """The film's file as its table names it, or "" where there is none."""
        return str(self[1] or "")

    @property
    def report(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  a view of what _Row keeps
        """The report, or "" where there is none; read from the file each time, where it stays there.

        Raises:
            StudyTableError: the file is gone, or was changed after it had been opened.
        """
        kept = self[2]
        if kept is not None:
            return kept
        assert self.file
        return self.file.report(self.line)


class Known(NamedTuple):
    """Where the evidence for the findings of a study is.

    Attributes:
        masks: of a finding, bool over the whole film.
        sentences: of a finding, character spans of the report.
    """

    masks: dict[str, np.ndarray]
    sentences: dict[str, list[tuple[int, int]]]


class About(NamedTuple):
    """What somebody knows of a table beyond its rows: of the embedded demo, whose films were drawn.

    Attributes:
        notice: the phrase that the page shows beneath everything.
        card: the folder of its data card.
        summary: the first paragraph of the card of a model that is trained on it, in Markdown.
        truth: of a study's id: where its findings are on the film, and which parts of the report state them.
        outlines: of n studies, the share of each cell that each finding covers (n, findings, cells, cells).
        bounded: the findings that are a place on a film.
    """

    notice: str
    card: Path
    summary: str
    truth: Callable[[str], Known]
    outlines: Callable[[tuple[Study, ...]], np.ndarray]
    bounded: tuple[str, ...]


class StudyTable:
    """Studies in the order of their file.

    Attributes:
        studies: what can be used.
        skipped: what cannot, and why.
        findings: names in alphabetical order: the order of a model's logits.
        notes: what was taken as meant, a clause each.
        problem_type: single-label where every study has exactly one finding, multi-label otherwise.
        digest: SHA-256 of the file.
        about: what is known of the table beyond its rows.
        stories: which studies show best what β does.
    """

    def __init__(
        self,
        name: str,
        studies: Sequence[Study],
        skipped: Sequence[Skipped],
        digest: str,
        about: About | None = None,
        notes: Sequence[str] = (),
        stories: Stories = NONE_TOLD,
    ):
        self.name = name
        self.notes = tuple(notes)
        self.studies = tuple(studies)
        self.skipped = tuple(skipped)
        self.digest = digest
        self.about = about
        self.stories = stories
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

    def warnings(self) -> list[str]:
        """What whoever trains or measures on this table should know of it, a line each; nothing where all is well."""
        said = [f"{self.name}: {note}" for note in self.notes] + skipped_in_words(self.name, self.skipped)
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


def film_if_readable(study: Study) -> Film | None:
    """As `load_film`; a film that cannot be read is named in the log, and counts as missing."""
    try:
        return load_film(study)
    except ImageError as error:
        log.warning("%s Its report alone is used, if it has one.", error)
        return None


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


def read_table(path: Path) -> StudyTable:
    """Read a table of studies; see `model.studies.opening.open_studies`."""
    file = TableFile(path, COLUMNS)
    # Two passes: what a label means, all of them together say.
    labels = Labels(row[1]["label"] for row in file.rows() if not isinstance(row, Skipped))
    reading = Reading(file)
    for read in file.rows():
        why = read.why if isinstance(read, Skipped) else reading.take(*read, labels.of(read[1]["label"]))
        if why:
            reading.skipped.append(Skipped(read[0], why))
    studies, skipped = reading.kept()
    name = file.path.name
    if not studies:
        raise StudyTableError(
            f"{name} has no usable study; line {skipped[0].line}: {skipped[0].why}"
            if skipped
            else f"{name} has no row."
        )
    return StudyTable(name, studies, skipped, file.digest, notes=(*file.form.notes, *labels.notes, *reading.notes()))


class Reading:
    """The studies of a table while its rows are read.

    Attributes:
        skipped: rows that cannot be used, so far.
    """

    def __init__(self, file: TableFile):
        self.file = file
        self.skipped: list[Skipped] = []
        self._studies: dict[str, Study] = {}
        self._torn: dict[str, list[int]] = defaultdict(list)  # lines of what has several rows that differ
        self._files, self._patients = Files(file.path.parent), Patients()

    def take(self, line: int, row: dict[str, str], label: ReadLabel) -> str | None:
        """Keep the study of a row; or why it cannot be used."""
        study_id, report = tidy(stated(row["study_id"])), stated(row["report"])
        split, why = read_split(row.get("split", ""))
        image, missing = self._files.find(row["image"].strip()) if not is_missing(row["image"]) else ("", None)
        discordant = stated(row.get("discordant", "")).strip().lower()
        if why := label.why or why:
            return why
        if not study_id:
            return NOT_UNIQUE
        if study_id in self._studies:
            return self._again(line, study_id, image, frozenset(label.findings))
        if discordant not in YES | NO | {""}:
            return f"its discordant is {discordant[:20]!r}, not 1 or 0"
        if missing:
            return missing
        if not image and not report.strip():
            return "it has neither an image nor a report"
        if is_too_long(report):
            return TOO_LONG
        patient = self._patients.of(row.get("patient_id"), study_id)
        self._studies[study_id] = Study(
            study_id=study_id,
            image=sys.intern(image) if image else None,
            report=None if report else "",
            labels=_shared(label.findings),
            patient_id=study_id if patient == study_id else sys.intern(patient),
            split=sys.intern(split or split_of(patient)),
            discordant=discordant in YES,
            lung_mask=self._mask(row.get("lung_mask", "")),
            line=line,
            file=self.file,
            source=sys.intern(row.get("source", "").strip()),
        )
        return None

    def _again(self, line: int, study_id: str, image: str, labels: frozenset[str]) -> str | None:
        """Of a film's findings in several rows none is the whole label: neither row is used then."""
        first = self._studies[study_id]
        if first.named_image == image and first.labels != labels:
            self._torn[study_id].append(line)
            return None
        return NOT_UNIQUE

    def _mask(self, name: str) -> Path | None:
        if is_missing(name):
            return None
        found, why = self._files.find(name.strip())
        return None if why else self.file.path.parent / found

    def kept(self) -> tuple[list[Study], list[Skipped]]:
        """The studies that can be used, and the rows that cannot."""
        for study_id, lines in self._torn.items():
            first = self._studies.pop(study_id).line
            why = "rows of one film name different findings; `betalens import csv` joins them"
            self.skipped += [Skipped(line, why) for line in (first, *lines)]
        return list(self._studies.values()), sorted(self.skipped)

    def notes(self) -> list[str]:
        """What was taken as meant, a clause each."""
        return [*self._patients.notes(), *renamed_in_words(self._files.renamed)]


@lru_cache(maxsize=4096)
def _shared(findings: tuple[str, ...]) -> frozenset[str]:
    """One set for all studies with these findings."""
    return frozenset(findings)
