"""From a source to a table of studies and a report of what was left out: written whole, or not at all.

What is kept of a study until the end are its ids, its label and a digest of its pixels; never pixels or reports.
"""

import csv
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from model.errors import StudyTableError
from model.import_report import ImportReport, Moved
from model.placing import TABLE, Place, refuse_taken
from model.rows import label_is_missing
from model.screening import judged
from model.sources.base import LeftOut, Reason, Record, Source
from model.split import divided

COLUMNS = ("study_id", "patient_id", "image", "report", "label", "split")
MASK = "lung_mask"

Progress = Callable[[Iterable, int], Iterable]


class Kept(NamedTuple):
    """What is remembered of a study until the splits are known."""

    where: str
    patient: str
    label: str
    split: str  #: as its source has it


def import_studies(
    source: Source, out: Path, copy: bool = False, seed: int = 0, progress: Progress = lambda records, total: records
) -> ImportReport:
    """Write `studies.csv`, `import.json` and `import.txt` to a folder.

    Images stay where they are if they lie below it. Otherwise they appear below its `images`, under the names that they
    have in the source (DICOM files under those of their studies), as hard links.

    Args:
        copy: copies instead of links.
        seed: of the splits of studies for which the source has none.
        progress: wraps the loop over the records, whose number it is told.

    Raises:
        StudyTableError: the folder has a table already or cannot be written, no record can be used, or an image cannot
            be linked. Nothing is left of the import then, nor after Ctrl-C.
    """
    refuse_taken(source.folder, out)
    existed = out.is_dir()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unfinished-import-", dir=out) as scratch:
            place = Place(source.folder, out, Path(scratch, "whole"), copy)
            return _import(source, place, Path(scratch, "rows.csv"), seed, progress)
    except OSError as error:
        raise StudyTableError(f"{out} cannot be written ({error.strerror}): choose another --out.") from error
    finally:
        if not existed and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _import(source: Source, place: Place, spool: Path, seed: int, progress: Progress) -> ImportReport:
    report = ImportReport(place.how, seed)
    columns = (*COLUMNS, *source.columns)
    place.scratch.mkdir()
    with spool.open("w", newline="", encoding="utf-8") as file, closing(judged(source)) as records:
        kept = _kept(iter(progress(records, source.total)), place, csv.DictWriter(file, columns), report)
    splits = _splits(kept, report, seed)
    if not any(splits):
        raise StudyTableError(f"None of the {report.records:,} records can be used. {report.commonest()}")
    with spool.open(newline="", encoding="utf-8") as file:
        rows = zip(csv.DictReader(file, columns), splits, strict=True)
        _write_table(place.scratch / TABLE, columns, (row | {"split": split} for row, split in rows if split), report)
    report.write(place.scratch)
    place.publish()
    return report


def _kept(records: Iterator[Record | LeftOut], place: Place, rows: csv.DictWriter, report: ImportReport) -> list[Kept]:
    """Write the rows of what can be used, but for their splits, and bring their files."""
    kept = []
    for record in records:
        if isinstance(record, LeftOut):
            report.left_out.append(record)
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
        kept.append(Kept(record.where, record.patient_id, sys.intern(record.label), record.split))
    return kept


def _splits(kept: list[Kept], report: ImportReport, seed: int) -> list[str]:
    """The split of each study; empty for those without a label by the rule of the table, which sees them all."""
    unlabelled = label_is_missing(k.label for k in kept)
    usable = [k for k, missing in zip(kept, unlabelled, strict=True) if not missing]
    dealt = iter(divided([k[1:] for k in usable], seed))
    splits = ["" if missing else next(dealt) for missing in unlabelled]
    given = defaultdict(set)
    for k in usable:
        given[k.patient].add(k.split)
    for k, split in zip(kept, splits, strict=True):
        if not split:
            report.left_out.append(LeftOut(k.where, Reason.LABEL, "its label is empty where all others name a finding"))
        elif k.split and split != k.split:
            why = "its patient is in several splits" if len(given[k.patient] - {""}) > 1 else "the source has no val"
            report.moved.append(Moved(k.where, k.split, split, why))
    of_patient = {k.patient: split for k, split in zip(kept, splits, strict=True) if split}
    report.patients.update(of_patient.values())
    return splits


def _write_table(path: Path, columns: tuple[str, ...], rows: Iterable[dict[str, str]], report: ImportReport) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        for row in rows:
            table.writerow(row)
            report.count(row["label"], row["split"], bool(row["report"]))
        file.flush()
        os.fsync(file.fileno())
