"""A folder of DICOM files, and a CSV of their reports given with --reports.

The CSV has the columns report and label (findings joined by |), and one that joins its rows to files: the first that
it has of file (name, or path from the folder), SOPInstanceUID, AccessionNumber and StudyInstanceUID. A row may name
several files by the latter two. Patients are told apart by its column patient_id, else the header's PatientID; its
column split (train, val or test) is kept. Files whose header states another ViewPosition than PA or AP are left out.

No header field enters the table: ids are hashes of a SOPInstanceUID. File names, which often name a person, enter it
only where the files are named in place; linked or copied by --out elsewhere they are called after their ids. Files that
are left out are named in import.txt as they are.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from model.data import SPLITS
from model.errors import StudyTableError
from model.inputs import Identity, read_identity
from model.rows import Skipped
from model.sources.base import FRONTAL, NOT_FRONTAL, LeftOut, Progress, Reason, Record, Source, files_below
from model.sources.csv import read, stated_label

PATH = "The folder of the DICOM files."
REPORTS = "The CSV of reports; required."
REQUIRED = ("report", "label")
BY_FILE = "file"
BY_HEADER = {"SOPInstanceUID": "instance", "AccessionNumber": "accession", "StudyInstanceUID": "study"}
NO_HEADER = Identity("", "", "", "", "")


class File(NamedTuple):
    """What is kept of a file's header; its path is its key."""

    study_id: str
    patient: bytes  #: a digest
    frontal: bool


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The files that rows name, and what is named on one side alone.

    Raises:
        StudyTableError: there is no such folder or CSV, or the CSV lacks a column.
    """
    if reports is None:
        raise StudyTableError("A folder of DICOM needs its reports: name their CSV with --reports.")
    if not path.is_dir():
        raise StudyTableError(f"{path} is no folder: name the one that holds the DICOM files.")
    join = _join(reports)
    names = [name for name in files_below(path) if (path / name).resolve() != reports.resolve()]
    files, found = {}, {}
    for name in progress(names):
        identity = read_identity(path / name) or NO_HEADER
        files[name] = _file(name, identity)
        for key in _keys(name, identity, join):
            found.setdefault(key, []).append(name)
    return Source(path, _records(reports, join, files, found), len(names))


def _join(reports: Path) -> str:
    """The column that joins rows to files.

    Raises:
        StudyTableError: there is none, or another column is missing.
    """
    columns = next((row[1] for row in read(reports, REQUIRED) if not isinstance(row, Skipped)), {})
    known = (BY_FILE, *BY_HEADER)
    if join := next((column for column in known if column in columns), ""):
        return join
    raise StudyTableError(f"{reports} has no column that joins its rows to files: expected one of {', '.join(known)}.")


def _file(name: str, identity: Identity) -> File:
    instance = identity.instance or name
    patient = identity.patient or identity.study or instance
    return File(_hash(instance).hex()[:16], _hash(patient), identity.view in FRONTAL or not identity.view)


def _keys(name: str, identity: Identity, join: str) -> set[str]:
    if join == BY_FILE:
        path = PurePath(name)
        return {name, path.name, path.stem}
    return {getattr(identity, BY_HEADER[join])} - {""}


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _records(
    reports: Path, join: str, files: dict[str, File], found: dict[str, list[str]]
) -> Iterator[Record | LeftOut]:
    firsts: dict[bytes, str] = {}  # the id of a patient's first study stands for the patient: no hash to guess from
    waiting = dict.fromkeys(files)
    for row in read(reports, REQUIRED):
        where = f"{reports.name} line {row[0]}"
        names = [] if isinstance(row, Skipped) else found.get(row[1][join].strip(), [])
        if why := _why_unusable(row, names, join):
            yield LeftOut(where, *why)
            continue
        named = [name for name in names if name in waiting]
        if not named:
            yield LeftOut(where, Reason.ROW, "a row before it names the same image")
        for name in named:
            del waiting[name]
            yield _record(row[1], name, files[name], firsts)
    yield from (LeftOut(name, Reason.REPORT, "no row of the reports names it") for name in waiting)


def _why_unusable(row: tuple[int, dict[str, str]] | Skipped, names: list[str], join: str) -> tuple[Reason, str] | None:
    if isinstance(row, Skipped):
        return Reason.ROW, row.why
    if (split := row[1].get("split", "")) not in ("", *SPLITS):
        return Reason.ROW, f"its split is {split[:20]!r}, not one of {', '.join(SPLITS)}"
    if not names:
        return Reason.MISSING, "its image is missing"
    if join == BY_FILE and len(names) > 1:
        return Reason.ROW, "several files have that name; write the path from the folder"
    return None


def _record(cells: dict[str, str], name: str, file: File, firsts: dict[bytes, str]) -> Record | LeftOut:
    if not file.frontal:
        return LeftOut(name, Reason.VIEW, NOT_FRONTAL)
    patient = _hash(cells["patient_id"]) if cells.get("patient_id") else file.patient
    return Record(
        where=name,
        study_id=file.study_id,
        patient_id=firsts.setdefault(patient, file.study_id),
        image=name,
        report=cells["report"],
        label=stated_label(cells["label"]),
        split=cells.get("split", ""),
        brought=f"{file.study_id}.dcm",
    )
