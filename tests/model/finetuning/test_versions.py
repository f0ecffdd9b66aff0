"""Versions of a model: whole or not there, one of them promoted, and back again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from helpers import small_network

from model.errors import CheckpointError, ChoiceError, TrainingError
from model.finetuning.versions import CURRENT, Versions, base_version
from model.inference.engine import Engine
from model.network import checkpoint


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkpoint of a small network."""
    folder = tmp_path_factory.mktemp("made") / "model"
    checkpoint.save(small_network(), folder)
    return folder


def test_versions_are_numbered_listed_promoted_and_rolled_back(made, tmp_path):
    versions = Versions(tmp_path / "models")
    assert versions.current() is None
    assert [versions.adopt(made), versions.adopt(made), versions.adopt(made)] == ["0001", "0002", "0003"]
    for name in ("0001", "0003", "0003"):
        versions.promote(name)
    assert versions.current() == "0003"
    assert versions.rollback() == "0001"
    assert [(v.name, v.promoted, v.how) for v in versions.list()] == [
        ("0001", True, "adopted"),
        ("0002", False, "adopted"),
        ("0003", False, "adopted"),
    ]
    with pytest.raises(ChoiceError, match="no version before 0001"):
        versions.rollback()
    assert Engine.load(versions.path("0002"), "cpu").digest == versions.list()[1].digest


def test_the_first_version_is_the_checkpoint_that_was_named(made, tmp_path):
    versions = Versions(tmp_path / "models")
    assert base_version(versions, made) == "0001"
    assert base_version(versions, tmp_path / "nothing") == "0001"
    assert len(versions.names()) == 1


def test_what_is_no_version_is_refused(made, tmp_path):
    versions = Versions(tmp_path / "models")
    versions.adopt(made)
    for name in ("0009", "..", ""):
        with pytest.raises(ChoiceError, match="there are 0001"):
            versions.promote(name)
    with pytest.raises(CheckpointError, match="not a BetaLens checkpoint"):
        versions.adopt(tmp_path)
    (versions.path("0001") / "model.safetensors").write_bytes(b"half")
    with pytest.raises(CheckpointError, match="damaged"):
        versions.promote("0001")
    assert versions.current() is None
    (versions.folder / CURRENT).write_text("[")
    with pytest.raises(CheckpointError, match="restore or remove"):
        versions.current()


def test_a_version_whose_writing_fails_is_not_there(made, tmp_path):
    versions = Versions(tmp_path / "models")

    def breaks(folder):
        folder.mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.add(breaks, {})
    assert versions.names() == []
    assert [p.name for p in versions.folder.iterdir()] == []
    assert versions.adopt(made) == "0001"


PROMOTE = """
import sys
from pathlib import Path
from model.finetuning.versions import Versions
versions = Versions(Path(sys.argv[1]))
print("go", flush=True)
while True:
    versions.promote("0002")
    versions.promote("0001")
    versions.rollback()
    versions.rollback()
"""


@pytest.mark.slow
def test_a_reader_sees_a_whole_choice_while_others_are_killed_choosing(made, tmp_path):
    versions = Versions(tmp_path / "models")
    versions.adopt(made)
    versions.adopt(made)
    versions.promote("0001")
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", PROMOTE, str(versions.folder)], stdout=subprocess.PIPE, env=os.environ
        )
        process.stdout.readline()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            assert versions.current() in ("0001", "0002")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert json.loads((versions.folder / CURRENT).read_text())["promoted"][0] == "0001"


HOLD = """
import subprocess, sys, time
from pathlib import Path
from model.finetuning.versions import Versions
with Versions(Path(sys.argv[1])).exclusive():
    child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)  # such as decodes films, and outlives it
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_one_fine_tuning_at_a_time_and_none_where_the_process_was_killed(tmp_path):
    versions = Versions(tmp_path / "models")
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(versions.folder)], stdout=subprocess.PIPE)
    child = int(process.stdout.readline())
    try:
        for _ in range(2):
            with pytest.raises(TrainingError, match="is under way"), versions.exclusive():
                pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        with versions.exclusive(), pytest.raises(TrainingError), versions.exclusive():  # nor twice in one process
            pass
        with versions.exclusive():
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_versions_differ_by_their_weights_alone(made, tmp_path):
    versions = Versions(tmp_path / "models")
    versions.adopt(made)
    network = small_network()
    with torch.no_grad():
        network.head.out.bias += 1
    versions.add(lambda folder: checkpoint.save(network, folder), {"how": "fine-tuned", "parent": "0001"})
    first, second = versions.list()
    assert first.digest != second.digest
    assert [versions.with_digest(digest) for digest in (first.digest, second.digest, "0" * 64)] == [
        "0001",
        "0002",
        None,
    ]
    assert (second.parent, second.how) == ("0001", "fine-tuned")
    assert versions.origin("0002")["parent"] == "0001"
