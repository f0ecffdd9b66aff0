"""From a source to a table of studies and a report of what was left out: written whole, or not at all.

What is kept of a study until the end are its ids, its label and a digest of its pixels; never pixels or reports.
"""

import csv
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from model.config import FEW
from model.errors import StudyTableError
from model.importing.file_layout import TABLE, FileLayout, refuse_existing_import
from model.importing.record import ExclusionReason, Joined, LeftOut, Record, Source
from model.importing.report import Doubted, ImportReport, Moved
from model.importing.screening import screened
from model.progress import ProgressTo
from model.studies.labels import NONE, Labels
from model.studies.rows import Files, renamed_in_words
from model.studies.splits import divided, split_of

COLUMNS = ("study_id", "patient_id", "image", "report", "label", "split")
MASK = "lung_mask"


class Kept(NamedTuple):
    """What is remembered of a study until the splits are known."""

    where: str
    patient: str
    label: str
    split: str  #: as its source has it


def import_studies(
    source: Source,
    out: Path,
    copy: bool = False,
    seed: int = 0,
    keep_all: bool = False,
    progress: ProgressTo = lambda records, total: records,
) -> ImportReport:
    """Write `studies.csv`, `import.json` and `import.txt` to a folder.

    Images stay where they are if they lie below it. Otherwise they appear below its `images`, under the names that they
    have in the source (DICOM files under those of their studies), as hard links. Studies get splits, by patient and
    stratified, unless they are few and the source has none: then training cross-validates.

    Args:
        copy: copies instead of links.
        seed: of the splits of studies for which the source has none.
        keep_all: also what is no frontal film of a chest, or does not hang as one is read.
        progress: wraps the loop over the records, whose number it is told.

    Raises:
        StudyTableError: the folder has a table already or cannot be written, no record can be used, or an image cannot
            be linked. Nothing is left of the import then, nor after Ctrl-C.
    """
    refuse_existing_import(source.folder, out)
    existed = out.is_dir()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unfinished-import-", dir=out) as scratch:
            place = FileLayout(source.folder, out, Path(scratch, "whole"), copy)
            return _import(source, place, Path(scratch, "rows.csv"), seed, keep_all, progress)
    except OSError as error:
        raise StudyTableError(f"{out} cannot be written ({error.strerror}): choose another --out.") from error
    finally:
        if not existed and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _import(
    source: Source, place: FileLayout, spool: Path, seed: int, keep_all: bool, progress: ProgressTo
) -> ImportReport:
    report = ImportReport(place.how, seed)
    columns = (*COLUMNS, *source.columns)
    place.scratch.mkdir()
    files = Files(source.folder, place.anywhere)
    with spool.open("w", newline="", encoding="utf-8") as file, closing(screened(source, files, keep_all)) as records:
        kept = _kept(iter(progress(records, source.total)), place, csv.DictWriter(file, columns), report)
    labels = Labels(k.label for k in kept)
    report.notes = [*source.notes(), *labels.notes, *renamed_in_words(files.renamed)]
    read = [labels.of(k.label) for k in kept]
    usable = [k for k, label in zip(kept, read, strict=True) if not label.why]
    report.left_out += [
        LeftOut(k.where, ExclusionReason.LABEL, r.why) for k, r in zip(kept, read, strict=True) if r.why
    ]
    if not usable:
        raise StudyTableError(f"None of the {report.records:,} records can be used. {report.commonest()}")
    none = NONE if Labels(k.label for k in usable).exactly_one else ""
    dealt = iter(_splits(usable, report, seed))
    with (
        spool.open(newline="", encoding="utf-8") as file,
        (place.scratch / TABLE).open("w", newline="", encoding="utf-8") as out,
    ):
        table = csv.DictWriter(out, columns)
        table.writeheader()
        for row, label in zip(csv.DictReader(file, columns), read, strict=True):
            if not label.why:
                split, findings = next(dealt), "|".join(label.findings) or none
                report.count(findings, split, bool(row["report"]))
                table.writerow(row | {"label": findings, "split": "" if report.undealt else split})
    report.write(place.scratch)
    place.publish()
    return report


def _kept(
    records: Iterator[Record | LeftOut | Joined], place: FileLayout, rows: csv.DictWriter, report: ImportReport
) -> list[Kept]:
    """Write the rows of what can be used, but for their splits, and bring their files."""
    kept = []
    for record in records:
        if isinstance(record, LeftOut):
            report.left_out.append(record)
            continue
        if isinstance(record, Joined):
            report.joined.append(record)
            continue
        row = {
            "study_id": record.study_id,
            "patient_id": record.patient_id,
            "image": record.image and place.bring(record.image, record.brought),
            "report": record.report,
            "label": record.label,
            **record.more,
        }
        if MASK in row and (place.folder / row[MASK]).is_file():
            row[MASK] = place.bring(row[MASK])
        rows.writerow(row)
        if record.doubt:
            report.doubted.append(Doubted(record.where, record.doubt))
        assert record.label is not None  # those without one are left out
        kept.append(Kept(record.where, record.patient_id, sys.intern(record.label), record.split))
    return kept


def _splits(studies: list[Kept], report: ImportReport, seed: int) -> list[str]:
    """The split of each study; "" for all where they are few and the source has none."""
    report.undealt = len(studies) < FEW and not any(k.split for k in studies)
    splits = [split_of(k.patient) for k in studies] if report.undealt else divided([k[1:] for k in studies], seed)
    given = defaultdict(set)
    for k in studies:
        given[k.patient].add(k.split)
    for k, split in zip(studies, splits, strict=True):
        if k.split and split != k.split:
            why = "its patient is in several splits" if len(given[k.patient] - {""}) > 1 else "the source has no val"
            report.moved.append(Moved(k.where, k.split, split, why))
    report.patients.update(dict(zip((k.patient for k in studies), splits, strict=True)).values())
    return splits
