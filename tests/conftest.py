"""Shared by all tests: shapes in signatures are checked, nothing is fetched, and one small model is built once."""

import atexit
import contextlib
import os
import pkgutil
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # the other cores are the other workers'
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()  # sessions that a test ended are none of whoever runs it
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

from jaxtyping import install_import_hook

# All but the rooms that guard against wrong types themselves.
CHECKED = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent.parent / "model")])]
CHECKED = [f"model.{name}" for name in CHECKED if name not in ("inputs", "feedback")]
CHECKED += ["model.inputs.erase", "model.feedback.agreement", "model.feedback.corrections"]
install_import_hook(["explain", *CHECKED], "typecheck.check")

import pytest
import torch
import uvicorn
from helpers import small_network
from starlette.types import ASGIApp
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from model.inference.engine import Engine

BROWSER = "tests/e2e/"
BROWSER_FILES = sorted(f"{BROWSER}{path.name}" for path in (Path(__file__).parent / "e2e").glob("test_*.py"))
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


class ByFile(LoadScopeScheduling):
    """Shares the tests out by files. Those of a browser, which take longest, go to two processes in turn: each of them
    starts one server and one browser."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return f"{BROWSER}{BROWSER_FILES.index(file) % 2}" if file in BROWSER_FILES else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))  # they take longest


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine of an untrained network."""
    return Engine(small_network(), "untrained", torch.device("cpu"))


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


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real radiographs, where it is at hand."""
    if not SHARED.is_dir():
        pytest.skip("the real radiographs are not at hand")
    return SHARED
