"""Shared by all tests: shapes in signatures are checked, nothing is fetched, and one small model is built once."""

import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from jaxtyping import install_import_hook

install_import_hook(["model", "explain"], "typecheck.check")

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
