"""The embedded demo: real radiology reports, and radiographs rendered from one real CT to show what their codes say.

Reading it needs numpy and the installed torchxrayvision package (for the reports' text); how the films were drawn
is in the other modules of this package, which only `python -m model.studies.demo.build` imports.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.errors import ChoiceError, StudyTableError
from model.storage.paths import DEMO_STUDIES as ASSETS
from model.studies.demo.reports import FINDINGS, load_reports, stating_sentences
from model.studies.demo.wording import Edits, reworded
from model.studies.table import Known

MASK_SIZE = 96
# Findings that are a place on the film; edema and emphysema are all of both lungs.
BOUNDED = ("Atelectasis", "Cardiomegaly", "Effusion", "Lung Opacity", "Nodule", "Pneumothorax")


class DemoStudy(NamedTuple):
    """One study of the demo.

    Attributes:
        report: as it is read: reworded, where the table says so.
        labels: what the study has; where `mishap` is "label", wrong.
        report_labels: what the report states.
        discordant: whether the report is another patient's.
        hidden: what the study has and the film does not show.
        mishap: what went wrong: "patient" or "side" of the report, "label", or nothing.
    """

    study_id: str
    image: Path
    report_id: str
    report: str
    labels: frozenset[str]
    report_labels: frozenset[str]
    patient_id: str
    split: str
    discordant: bool
    hidden: frozenset[str] = frozenset()
    mishap: str = ""


@cache
def load_demo() -> tuple[DemoStudy, ...]:
    """All studies of the demo, in order.

    Raises StudyTableError when the assets or the reports are not there.
    """
    table = ASSETS / "studies.csv"
    if not table.exists():
        raise StudyTableError(
            f"the demo's table was not found at {table}: build it with python -m model.studies.demo.build"
        )
    reports = load_reports()
    with table.open(newline="", encoding="utf-8") as file:
        return tuple(_study(row, reports[row["report_id"]].text) for row in csv.DictReader(file))


def _study(row: dict[str, str], report: str) -> DemoStudy:
    labels, stated, hidden = (
        frozenset(filter(None, row.get(key, "").split("|"))) for key in ("label", "report_label", "hidden")
    )
    if edits := row.get("edits"):
        report = reworded(report, Edits.from_text(edits), int(row["seed"]))
    return DemoStudy(
        study_id=row["study_id"],
        image=ASSETS / row["image"],
        report_id=row["report_id"],
        report=report,
        labels=labels,
        report_labels=stated,
        patient_id=row["patient_id"],
        split=row["split"],
        discordant=row["discordant"] == "1",
        hidden=hidden,
        mishap=row.get("mishap", ""),
    )


def truth(study_id: str) -> Known:
    """The truth about one demo study; ChoiceError for an unknown id."""
    study = _by_id().get(study_id)
    if study is None:
        raise ChoiceError(f"got study {study_id!r}, expected a study of the demo, such as 'demo-0001'")
    stated = stating_sentences(study.report)
    return Known(_masks().get(study_id, {}), {f: spans for f, spans in stated.items() if f in study.report_labels})


@cache
def _by_id() -> dict[str, DemoStudy]:
    return {study.study_id: study for study in load_demo()}


@cache
def _masks() -> dict[str, dict[str, np.ndarray]]:
    masks: dict[str, dict[str, np.ndarray]] = {}
    with np.load(ASSETS / "truth.npz") as stored:
        for (number, finding), bits in zip(stored["rows"], stored["bits"], strict=True):
            mask = np.unpackbits(bits).astype(bool).reshape(MASK_SIZE, MASK_SIZE)
            masks.setdefault(f"demo-{number:04d}", {})[FINDINGS[finding]] = mask
    return masks
