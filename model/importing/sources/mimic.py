"""MIMIC-CXR-JPG in its published layout: a folder with files/p10/p10000032/s50414267/DICOM_ID.jpg and the tables
mimic-cxr-2.0.0-metadata, -chexpert and -split (.csv or .csv.gz).

Reports are MIMIC-CXR's files/p10/p10000032/s50414267.txt, from the same folder or --reports; their findings and
impression are imported, or all of a report that has neither section. A study is one radiograph whose ViewPosition is PA
or AP. Findings are CheXpert's 1.0; an uncertain one (-1.0) counts as absent, but a study with uncertain findings alone
has no label. The published split is kept.
"""

import csv
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from model.errors import StudyTableError
from model.importing.record import NOT_FRONTAL, ExclusionReason, LeftOut, Record, Source
from model.inputs.header import FRONTAL
from model.progress import Progress
from model.studies.labels import NONE

PATH = "The folder that holds files/ and the tables."
REPORTS = "Folder whose files/ holds the reports. (default: PATH)"
TABLE = "mimic-cxr-2.0.0-{}.csv"
SPLITS = {"train": "train", "validate": "val", "test": "test"}
NO_FINDING = "No Finding"
NAMES = {"Pleural Effusion": "Effusion"}  # as torchxrayvision and the embedded demo have it
UNCERTAIN = "uncertain"  # no finding's name

_SECTION = re.compile(r"^[ \t]*([A-Z][A-Z /,&()-]*[A-Z)]):", re.MULTILINE)
_READ = re.compile(r"FINDINGS|IMPRESSION|CONCLUSION")
_HEADING = re.compile(r"^\s*(?:FINAL REPORT|WET READ.*)\s*$", re.MULTILINE)


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The radiographs of the table of metadata.

    Raises:
        StudyTableError: a table is missing, or lacks a column.
    """
    chexpert, split = _rows(path, "chexpert", "study_id"), _rows(path, "split", "dicom_id", "split")
    labels = {row["study_id"]: _label(row) for row in progress(chexpert)}
    splits = {row["dicom_id"]: SPLITS.get(row["split"], "") for row in progress(split)}
    total = sum(1 for _ in _metadata(path))
    return Source(path, _records(path, reports or path, labels, splits), total)


def _unfit(view: str) -> tuple[ExclusionReason, str] | None:
    if view in FRONTAL:
        return None
    return ExclusionReason.VIEW, NOT_FRONTAL if view else "its view is not stated"


def _metadata(path: Path) -> Iterator[dict[str, str]]:
    return _rows(path, "metadata", "dicom_id", "subject_id", "study_id", "ViewPosition")


def _rows(folder: Path, name: str, *required: str) -> Iterator[dict[str, str]]:
    plain = folder / TABLE.format(name)
    packed = plain.with_name(f"{plain.name}.gz")
    path = packed if packed.exists() else plain
    try:
        with (gzip.open if path == packed else open)(path, "rt", encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [c for c in required if c not in (rows.fieldnames or ())]:
                raise StudyTableError(f"{path} lacks the column {missing[0]!r}; expected {', '.join(required)}.")
            yield from rows
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise StudyTableError(f"{path} cannot be read as a table of MIMIC-CXR-JPG, .csv or .csv.gz.") from error


def _label(row: dict[str, str]) -> str | None:
    """The certain findings of a row; None where CheXpert says nothing."""
    cells = {name: float(value) for name, value in row.items() if name not in ("subject_id", "study_id") and value}
    present = sorted(NAMES.get(name, name) for name, value in cells.items() if value == 1 and name != NO_FINDING)
    if not present and cells.get(NO_FINDING) != 1 and -1 in cells.values():
        return UNCERTAIN
    return sys.intern("|".join(present) or NONE) if cells else None


def _records(
    folder: Path, reports: Path, labels: dict[str, str | None], splits: dict[str, str]
) -> Iterator[Record | LeftOut]:
    """
    Args:
        labels: of studies: findings joined by |, UNCERTAIN, or None.
        splits: of radiographs.
    """
    for row in _metadata(folder):
        image = row["dicom_id"]
        patient, study = f"p{row['subject_id']}", f"s{row['study_id']}"
        label = labels.get(row["study_id"])
        if label == UNCERTAIN:
            yield LeftOut(image, ExclusionReason.LABEL, "its findings are all uncertain")
        else:
            below = f"files/{patient[:3]}/{patient}/{study}"
            try:
                report = _report(reports / f"{below}.txt")
            except UnicodeDecodeError:
                yield LeftOut(image, ExclusionReason.REPORT, "its report is not in UTF-8")
                continue
            film, unfit = f"{below}/{image}.jpg", _unfit(row["ViewPosition"])
            yield Record(image, image, patient, film, report, label, splits.get(image, ""), unfit=unfit)


def _report(path: Path) -> str:
    """Findings and impression, or all where there is neither; empty where there is no report.

    Raises:
        UnicodeDecodeError: it is not in UTF-8.
    """
    try:
        text = path.read_text("utf-8")
    except OSError:
        return ""
    text = _HEADING.sub("", text)
    heads = list(_SECTION.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    read = [text[head.end() : end] for head, end in zip(heads, ends, strict=False) if _READ.search(head[1])]
    return " ".join(" ".join(read or [text]).split())
