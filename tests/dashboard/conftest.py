"""A small table of studies with real files behind it, and the reviewer over it."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from helpers import REPORT, random_film
from PIL import Image
from starlette.types import ASGIApp

from dashboard.reviewing import Reviewer
from dashboard.session import Session
from model.data import StudyTable, open_studies
from model.engine import Engine

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
def reviewer(engine: Engine, table: StudyTable) -> Reviewer:
    return Reviewer(engine, table)


@pytest.fixture
def live() -> Iterator[Callable[[ASGIApp], str]]:
    """Serves an application on a port of this machine; its address."""
    with contextlib.ExitStack() as running:
        yield lambda app: running.enter_context(_served(app))


@contextlib.contextmanager
def _served(app: ASGIApp) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def session() -> Session:
    return Session(beta=0.5)
