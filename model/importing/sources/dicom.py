"""A folder of DICOM files, and a CSV of their reports given with --reports.

The CSV has the columns report and label (findings joined by |), and one that joins its rows to files: the first that
it has of file (name, or path from the folder), SOPInstanceUID, AccessionNumber and StudyInstanceUID. A row may name
several files by the latter two. Patients are told apart by its column patient_id, else the header's PatientID; its
column split (train, val or test) is kept. Files are left out whose header says that they are no frontal radiograph of a
chest: another Modality than CR, DX or RG (SC and OT pass, and what is silent), another BodyPartExamined than the chest,
another ViewPosition than PA or AP, a PatientOrientation other than left and feet.

No header field enters the table: ids are hashes of a SOPInstanceUID. File names, which often name a person, enter it
only where the files are named in place; linked or copied by --out elsewhere they are called after their ids. Files that
are left out are named in import.txt as they are, with the code of their modality or body part if it is a common one.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from model.errors import StudyTableError
from model.importing.chest import unfit_by_header
from model.importing.joining import Joins, StudyRow
from model.importing.record import ExclusionReason, Joined, LeftOut, Record, Source, files_below
from model.inputs import DicomIdentity, Header, contradiction, read_identity
from model.progress import Progress
from model.studies.csv_dialect import HeaderColumns
from model.studies.names import stated, tidy
from model.studies.on_disk import TableFile
from model.studies.rows import MISSING, NumberedRow, Skipped

PATH = "The folder of the DICOM files."
REPORTS = "The CSV of reports; required."
BY_FILE = "file"
BY_HEADER = {"SOPInstanceUID": "instance", "AccessionNumber": "accession", "StudyInstanceUID": "study"}
COLUMNS = HeaderColumns(("report", "label"), ("patient_id", "split"), (BY_FILE, *BY_HEADER))


class File(NamedTuple):
    """What is kept of a file's header; its path is its key."""

    study_id: str
    patient: bytes  #: a digest
    unfit: tuple[ExclusionReason, str] | None  #: why it is no frontal radiograph of a chest


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The files that rows name, and what is named on one side alone.

    Raises:
        StudyTableError: there is no such folder or CSV, or the CSV lacks a column.
    """
    if reports is None:
        raise StudyTableError("A folder of DICOM needs its reports: name their CSV with --reports.")
    if not path.is_dir():
        raise StudyTableError(f"{path} is no folder: name the one that holds the DICOM files.")
    file = TableFile(reports, COLUMNS)
    join = next((column for column in COLUMNS.further if column in file.form.columns), None)
    if join is None:
        known = ", ".join(COLUMNS.further)
        raise StudyTableError(f"{file.path} has no column that joins its rows to files: expected one of {known}.")
    names = [name for name in files_below(path) if (path / name).resolve() != reports.resolve()]
    files, found = {}, {}
    for name in progress(names):
        identity = read_identity(path / name) or DicomIdentity("", "", "", "", Header())
        instance = identity.instance or name
        patient = identity.patient or identity.study or instance
        files[name] = File(_hash(instance).hex()[:16], _hash(patient), unfit_by_header(contradiction(identity.header)))
        for key in _keys(name, identity, join):
            found.setdefault(key, []).append(name)
    joins = Joins(lambda: _rows(file, join), f"{reports.name} line")
    records = _records(join, joins, files, found)
    return Source(path, records, len(names), notes=lambda: [*file.form.notes, *joins.notes()])


def _rows(reports: TableFile, join: str) -> Iterator[NumberedRow | Skipped]:
    """The rows, each of the study and the image that its key names."""
    for row in reports.rows():
        if isinstance(row, Skipped):
            yield row
        else:
            yield row[0], row[1] | dict.fromkeys(("study_id", "image"), row[1][join].strip())


def _keys(name: str, identity: DicomIdentity, join: str) -> set[str]:
    if join == BY_FILE:
        path = PurePath(name)
        return {name, path.name, path.stem}
    return {getattr(identity, BY_HEADER[join])} - {""}


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _records(
    join: str, joins: Joins, files: dict[str, File], found: dict[str, list[str]]
) -> Iterator[Record | LeftOut | Joined]:
    firsts: dict[bytes, str] = {}  # the id of a patient's first study stands for the patient: no hash to guess from
    waiting = dict.fromkeys(files)
    for row in joins.rows():
        if not isinstance(row, StudyRow):
            yield row
            continue
        names = found.get(row.cells["image"], [])
        if not names:
            yield LeftOut(row.where, ExclusionReason.MISSING, MISSING)
            continue
        if join == BY_FILE and len(names) > 1:
            why = "several files have that name; write the path from the folder"
            yield LeftOut(row.where, ExclusionReason.ROW, why)
            continue
        named = [name for name in names if name in waiting]
        if not named:
            yield LeftOut(row.where, ExclusionReason.ROW, "a row before it names the same image")
        for name in named:
            del waiting[name]
            yield _record(row, name, files[name], firsts)
    yield from (LeftOut(name, ExclusionReason.REPORT, "no row of the reports names it") for name in waiting)


def _record(row: StudyRow, name: str, file: File, firsts: dict[bytes, str]) -> Record:
    cells = row.cells
    stated_patient = tidy(stated(cells.get("patient_id", ""))).casefold()
    patient = _hash(stated_patient) if stated_patient else file.patient
    return Record(
        where=name,
        study_id=file.study_id,
        patient_id=firsts.setdefault(patient, file.study_id),
        image=name,
        report=stated(cells["report"]),
        label=cells["label"],
        split=row.split,
        brought=f"{file.study_id}.dcm",
        unfit=file.unfit,
    )
