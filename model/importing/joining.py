"""Rows that are one study: tables with a row for each finding, reader or film.

| rows | become |
|---|---|
| of one study and film, or of one film with the same report and patient | one study, with findings and reports of all |
| of one study, one with its film and one with its report | one study |
| of one study, with several films and one report | a study for each film, of one patient |

Others stay as they are, and are named where they contradict each other.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from model.importing.record import ExclusionReason, Joined, LeftOut
from model.studies.names import is_missing, stated, tidy
from model.studies.rows import NumberedRow, Skipped
from model.studies.splits import STRICTEST, read_split


class RowIdentity(NamedTuple):
    """What tells whose row it is."""

    study_id: str
    image: str
    patient: str
    report: str

    @classmethod
    def of(cls, row: dict[str, str]) -> "RowIdentity":
        study_id, image, patient = (tidy(stated(row.get(c, ""))) for c in ("study_id", "image", "patient_id"))
        return cls(study_id, image, patient, stated(row["report"]).strip())


class StudyRow(NamedTuple):
    """A row that begins a study, with the cells of those that are joined to it."""

    where: str
    cells: dict[str, str]
    split: str  #: train, val, test, or empty where it names none


class Joins:
    """Which rows of a table are joined, once all of them were seen twice.

    Args:
        rows: reads the table from its start, each time that it is called.
        where: what a line is called.
    """

    def __init__(self, rows: Callable[[], Iterable[NumberedRow | Skipped]], where: str = "line"):
        self._rows, self._where = rows, where
        self._apart_ids: list[str] = []
        self._merged: dict[int, dict[str, str]] = {}
        self._into: dict[int, int] = {}
        often = Counter(mark for _, row in _usable(rows()) for mark in _marks(row))
        again = {mark for mark, times in often.items() if times > 1}
        del often
        if again:
            self._join([(line, row) for line, row in _usable(rows()) if again & _marks(row)])

    def rows(self) -> Iterator[StudyRow | LeftOut | Joined]:
        """What becomes of each row, in their order."""
        for read in self._rows():
            line, where = read[0], f"{self._where} {read[0]}"
            if isinstance(read, Skipped):
                yield LeftOut(where, ExclusionReason.ROW, read.why)
            elif line in self._into:
                yield Joined(where, f"{self._where} {self._into[line]}")
            else:
                cells = self._merged.get(line, read[1])
                split, why = read_split(cells.get("split", ""))
                yield LeftOut(where, ExclusionReason.ROW, why) if why else StudyRow(where, cells, split)

    def notes(self) -> list[str]:
        """What was taken as meant besides what is joined, a clause each."""
        found = self._apart_ids
        if not found:
            return []
        films = "1 further film of a study" if len(found) == 1 else f"{len(found):,} further films of studies"
        return [f"{films} made a study each, of the same patient, such as {found[0]!r}"]

    def _join(self, rows: list[NumberedRow]) -> None:
        heads: list[tuple[int, RowIdentity]] = []
        by_id: dict[str, list[int]] = {}
        by_image: dict[str, list[int]] = {}
        for line, row in rows:
            own = RowIdentity.of(row)
            near = [*by_id.get(own.study_id, ()), *by_image.get(own.image, ())]
            head = next((h for h in near if _is_one(heads[h][1], own)), None)
            if head is None:
                head = len(heads)
                heads.append((line, own))
                self._merged[line] = self._apart(row, own, [heads[h] for h in by_id.get(own.study_id, ())])
            else:
                first = heads[head][0]
                self._into[line] = first
                self._merged[first] = united(self._merged[first], row)
                heads[head] = (first, RowIdentity.of(self._merged[first])._replace(study_id=own.study_id))
            for index, name in ((by_id, own.study_id), (by_image, own.image)):
                if name and head not in index.setdefault(name, []):
                    index[name].append(head)

    def _apart(self, row: dict[str, str], own: RowIdentity, kin: list[tuple[int, RowIdentity]]) -> dict[str, str]:
        """A row of a study that has other films: a study of its own, of the same patient, where no report differs."""
        if not own.study_id or not kin or any(k.report and own.report and k.report != own.report for _, k in kin):
            return row
        report = own.report or next((k.report for _, k in kin if k.report), "")
        patient = own.patient or own.study_id
        for line, k in kin:
            self._merged[line] = self._merged[line] | {"patient_id": k.patient or own.study_id}
            if not k.report:
                self._merged[line] = self._merged[line] | {"report": report}
        self._apart_ids.append(f"{own.study_id}-{len(kin) + 1}")
        return row | {"study_id": self._apart_ids[-1], "patient_id": patient, "report": report}


def united(first: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Two rows of one study as one: both findings, both reports where they differ; of other cells the first stated."""
    row = {column: cell if not is_missing(cell) else other.get(column, "") for column, cell in first.items()}
    labels = [r["label"] for r in (first, other) if not is_missing(r["label"])]
    row["label"] = "|".join(dict.fromkeys(labels))
    reports = [r["report"].strip() for r in (first, other) if not is_missing(r["report"])]
    row["report"] = reports[0] if len(reports) == 2 and reports[1] in reports[0] else "\n\n".join(reports)
    splits = [s for s in (read_split(r.get("split", ""))[0] for r in (first, other)) if s]
    return row | ({"split": max(splits, key=STRICTEST.index)} if splits else {})


def _is_one(first: RowIdentity, other: RowIdentity) -> bool:
    if first.study_id == other.study_id:
        return first.image == other.image or not (first.image and other.image)
    agree = not first.report or not other.report or first.report == other.report
    return agree and first.patient == other.patient


def _usable(rows: Iterable[NumberedRow | Skipped]) -> Iterator[NumberedRow]:
    """Rows that state a label, or that there is none."""
    return (r for r in rows if not isinstance(r, Skipped) and not (r[1]["label"].strip() and is_missing(r[1]["label"])))


def _marks(row: dict[str, str]) -> set[bytes]:
    """Short digests of the study and of the film that a row names."""
    own = RowIdentity.of(row)
    named = [(kind, name) for kind, name in (("s", own.study_id), ("f", own.image)) if name]
    return {hashlib.blake2b(f"{kind}{name}".encode(), digest_size=8).digest() for kind, name in named}
