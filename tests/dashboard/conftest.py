"""A small table of studies with real files behind it, and the reviewer over it."""

from pathlib import Path

import numpy as np
import pytest
from helpers import REPORT, random_film
from PIL import Image

from dashboard.review.service import CaseService
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from model.inference.engine import Engine
from model.studies.opening import open_studies
from model.studies.table import StudyTable

ROWS = [
    ("one", "one.png", REPORT, "Effusion"),
    ("two", "two.png", "The lungs are clear.", ""),
    ("film-only", "one.png", "", "Cardiomegaly|Effusion"),
    ("report-only", "", "A pneumothorax on the right.", "Pneumothorax"),
]


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> StudyTable:
    folder: Path = tmp_path_factory.mktemp("studies")
    for seed, name in enumerate(("one.png", "two.png")):
        Image.fromarray((random_film(seed).pixels * 255).astype(np.uint8)).save(folder / name)
    lines = [f'{study},{image},"{report}",{label},test' for study, image, report, label in ROWS]
    (folder / "studies.csv").write_text("study_id,image,report,label,split\n" + "\n".join(lines), encoding="utf-8")
    return open_studies(folder / "studies.csv")


@pytest.fixture(scope="session")
def reviewer(engine: Engine, table: StudyTable) -> CaseService:
    return CaseService(ServedModel(engine, table))


@pytest.fixture
def session() -> Session:
    return Session(beta=0.5)
