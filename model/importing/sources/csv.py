"""A CSV with the columns study_id, image, report and label.

Findings in a label are joined by |. An image is a path from the CSV's folder, a report its text; one of both may be
empty. patient_id and split (train, val or test) are kept where the CSV has them, and so are all other columns. Rows of
one study or film (a row a finding, a row a report) are joined; further films of a study are studies of their own, of
the same patient.
"""

from collections.abc import Iterator
from pathlib import Path

from model.errors import StudyTableError
from model.importing.joining import Joins, StudyRow
from model.importing.record import Joined, LeftOut, Record, Source
from model.progress import Progress
from model.studies.names import Patients, stated, tidy
from model.studies.on_disk import TableFile
from model.studies.table import COLUMNS

PATH = "A CSV of studies."
KNOWN = (*COLUMNS.required, "patient_id", "split")


def open_source(path: Path, reports: Path | None = None, progress: Progress = iter) -> Source:
    """The rows of a CSV.

    Raises:
        StudyTableError: it cannot be read, or lacks a column; or reports are named.
    """
    if reports:
        raise StudyTableError("A CSV of studies holds its reports: leave --reports out.")
    file, patients = TableFile(path, COLUMNS), Patients()
    joins = Joins(file.rows)
    total = sum(1 for _ in file.rows())
    columns = tuple(c for c in file.form.columns if c not in KNOWN)
    return Source(
        path.parent,
        _records(joins, patients, columns),
        total,
        columns,
        lambda: [*file.form.notes, *joins.notes(), *patients.notes()],
    )


def _records(joins: Joins, patients: Patients, columns: tuple[str, ...]) -> Iterator[Record | LeftOut | Joined]:
    for row in joins.rows():
        if not isinstance(row, StudyRow):
            yield row
            continue
        cells = row.cells
        study_id = tidy(stated(cells["study_id"]))
        yield Record(
            where=row.where,
            study_id=study_id,
            patient_id=patients.of(cells.get("patient_id"), study_id),
            image=stated(cells["image"]).strip(),
            report=stated(cells["report"]),
            label=cells["label"],
            split=row.split,
            more={column: cells[column] for column in columns},
        )
