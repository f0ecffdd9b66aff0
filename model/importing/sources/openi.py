"""The chest X-ray collection of Indiana University (Open-I): a folder of its PNG or DICOM files.

Reports are the collection's XML files, from the same folder or --reports (a folder or NLMCXR_reports.tgz); where there
are none, those that torchxrayvision carries. A study is one radiograph with the findings and impression of its report;
a patient is a report. Findings are read from the MeSH codes: atelectasis, cardiomegaly, edema, effusion, emphysema,
lung opacity, nodule and pneumothorax. Only frontal views are imported: of the published radiographs those that
torchxrayvision's table names PA (headers call many lateral ones PA), of others all but DICOM files with another
ViewPosition.
"""

import csv
import gzip
import re
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from model.errors import StudyTableError
from model.importing.record import ExclusionReason, LeftOut, Record, Source, files_below
from model.progress import Progress
from model.studies.demo.reports import Report, archived_reports, packaged_reports, parse_report
from model.studies.labels import NONE
from model.studies.rows import MISSING

# torchxrayvision's Openi_Dataset reads the same files, but leaves out silently, holds no text, and cannot be imported
# beside a package named `model`: its tables serve, the class does not.
PATH = "The folder of the radiographs."
REPORTS = "Folder or .tgz of the XML reports. (default: those in PATH, else torchxrayvision's)"
_NAME = re.compile(r"(?:CXR)?(\d+)_(?:\1_)?(IM-[\d-]*\d)")  # CXR1_1_IM-0001-3001, 1_IM-0001-3001


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The radiographs that the reports name, and what is named on one side alone.

    Raises:
        StudyTableError: there is no such folder or archive.
    """
    if not path.is_dir():
        raise StudyTableError(f"{path} is no folder: name the one that holds the radiographs.")
    names = files_below(path)
    images: dict[str, list[str]] = {}
    for name in names:
        if not name.endswith((".xml", ".tgz", ".csv", ".txt", ".json")):
            images.setdefault(_key(Path(name).stem), []).append(name)
    source = reports or (path if any(n.endswith(".xml") for n in names) else packaged_reports())
    total = sum(max(1, len(r.images)) if isinstance(r, Report) else 1 for r in progress(_reports(source)))
    return Source(path, _records(path, source, images), total)


def _key(name: str) -> str:
    """What the names of one radiograph have in common: of the PNG, of the DICOM and in the XML."""
    match = _NAME.match(name)
    return f"{match[1]}_{match[2]}" if match else name


def _reports(source: Path) -> Iterator[Report | LeftOut]:
    try:
        if source.is_dir():
            names = (name for name in files_below(source) if name.endswith(".xml"))
            files = ((name, (source / name).read_bytes()) for name in names)
        else:
            files = archived_reports(source)
        for name, xml in files:
            try:
                yield parse_report(xml)
            except ValueError as error:
                yield LeftOut(name, ExclusionReason.REPORT, str(error))
    except (OSError, EOFError, tarfile.TarError) as error:
        raise StudyTableError(f"{source} cannot be read as a folder or archive of XML reports.") from error


def _records(folder: Path, source: Path, images: dict[str, list[str]]) -> Iterator[Record | LeftOut]:
    for report in _reports(source):
        if isinstance(report, LeftOut):
            yield report
        elif not report.images:
            yield LeftOut(report.report_id, ExclusionReason.MISSING, "its report names no image")
        else:
            for image in report.images:
                yield _record(folder, report, image, images.pop(_key(image), []))
    for names in images.values():
        yield from (LeftOut(name, ExclusionReason.REPORT, "no report names it") for name in names)


def _record(folder: Path, report: Report, image: str, names: list[str]) -> Record | LeftOut:
    if not names:
        return LeftOut(image, ExclusionReason.MISSING, MISSING)
    if len(names) > 1:
        return LeftOut(image, ExclusionReason.MISSING, "several files have its name")
    label = ("|".join(sorted(report.findings)) or NONE) if report.is_coded else None
    return Record(image, image, report.report_id, names[0], report.text, label, unfit=why_not_frontal(image))


def why_not_frontal(image: str) -> tuple[ExclusionReason, str] | None:
    """Why the image of that name is no frontal view; None where the published tables say that it is one, or nothing."""
    published, frontal = _views()
    known = _key(image) in published and _key(image) not in frontal
    return (ExclusionReason.VIEW, "it is not known to be a frontal view") if known else None


@cache
def _views() -> tuple[frozenset[str], frozenset[str]]:
    """The published radiographs, and the frontal ones among them, from the tables that torchxrayvision carries."""
    published = frozenset(_key(row["imageid"]) for row in _packaged("nlmcxr_dicom_metadata.csv.gz"))
    views = _packaged("nlmcxr_tsne_pa.csv.gz")
    return published, frozenset(_key(row["imageid"]) for row in views if row["tsne-view"] == "PA")


def _packaged(table: str) -> Iterator[dict[str, str]]:
    with gzip.open(packaged_reports().parent / table, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)
