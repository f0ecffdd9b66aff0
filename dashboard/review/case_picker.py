"""Which reference studies the picker offers: a handful that shows every finding, those of one finding, or those most
worth a look."""

import json
from itertools import chain, zip_longest
from typing import Any

from dashboard.ui.payload import as_json
from dashboard.ui.pictures import thumbnail
from explain.cohort.worklist import Candidate
from model.errors import ChoiceError
from model.studies.table import Study, StudyTable

MOST_CASES = 24


def offered_cases(table: StudyTable, finding: str = "", discordant: bool = False) -> str:
    """The value of the picker.

    Args:
        finding: keep studies with it; "" keeps all.
        discordant: keep studies whose image and report disagree on purpose.
    """
    offered = _offered(table)
    matching = [s for s in offered if (not finding or finding in s.labels) and (not discordant or s.discordant)]
    shown = matching[:MOST_CASES] if finding or discordant else handful(offered, table.findings)
    return _value(table, len(matching), [_card(s) for s in shown], finding=finding)


def queued_cases(table: StudyTable, candidates: list[Candidate]) -> str:
    """The value of the picker that offers the studies most worth a look, each with its reasons."""
    studies = [
        _card(table.by_id(c.study_id)) | {"reasons": [r._asdict() for r in c.reasons]} for c in candidates[:MOST_CASES]
    ]
    return _value(table, len(candidates), studies, queue=True)


def ids_of(offered: str) -> list[str]:
    """The studies whose films the value of a picker shows."""
    return [study["id"] for study in json.loads(offered)["studies"]]


def handful(studies: tuple[Study, ...], findings: tuple[str, ...]) -> list[Study]:
    """A few studies in turn from each finding, from those without any, and from the discordant ones."""
    single = sorted(studies, key=lambda s: len(s.labels))  # a study with one finding shows it best
    turns = [[s for s in single if name in s.labels and not s.discordant] for name in findings]
    turns += [[s for s in single if not s.labels], [s for s in single if s.discordant]]
    in_turn = (s for s in chain.from_iterable(zip_longest(*turns)) if s)
    return list({s.study_id: s for s in in_turn}.values())[:MOST_CASES]


def _value(table: StudyTable, total: int, studies: list[dict[str, Any]], **more: Any) -> str:
    discordant = any(s.discordant for s in _offered(table))
    return as_json(
        {"findings": table.findings, "has_discordant": discordant, "total": total, "studies": studies, **more}
    )


def _card(study: Study) -> dict[str, Any]:
    return {
        "id": study.study_id,
        "labels": sorted(study.labels),
        "discordant": study.discordant,
        "split": study.split,
        "thumb": thumbnail(study.image),
    }


def _offered(table: StudyTable) -> tuple[Study, ...]:
    """The test split, which the model has never seen; every study where there is no such split."""
    try:
        return table.of_split("test")
    except ChoiceError:
        return table.studies
