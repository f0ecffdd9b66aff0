"""Shared by all tests: shapes in signatures are checked, nothing is fetched, and one small model is built once."""

import os
import pkgutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from jaxtyping import install_import_hook

# All but the two modules that guard against wrong types themselves.
CHECKED = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent.parent / "model")])]
CHECKED = [f"model.{name}" for name in CHECKED if name not in ("inputs", "feedback")]
install_import_hook(["explain", *CHECKED], "typecheck.check")

import pytest
import torch
from helpers import small_network

from model.engine import Engine

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine of an untrained network."""
    return Engine(small_network(), "untrained", torch.device("cpu"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real radiographs, where it is at hand."""
    if not SHARED.is_dir():
        pytest.skip("the real radiographs are not at hand")
    return SHARED
