"""A checkpoint comes back as it was, and a damaged or foreign one is refused by name."""

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys

import pytest
import torch
from helpers import small_network

from model.errors import CheckpointError, ChoiceError
from model.network import checkpoint
from model.storage.files import file_digest


@pytest.fixture(scope="module")
def network():
    return small_network(image_weights="none", report_layers=1)


@pytest.fixture
def folder(network, tmp_path):
    checkpoint.save(network, tmp_path / "model", {"MODEL_CARD.md": b"# card"})
    return tmp_path / "model"


def test_what_is_loaded_is_what_was_saved(network, folder):
    loaded, digest = checkpoint.load(folder)
    assert loaded.config == network.config
    assert len(digest) == 64
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_untrained_tensors_of_the_report_encoder_are_not_stored(network, folder):
    assert (folder / checkpoint.WEIGHTS).stat().st_size < 20e6
    stored = checkpoint.stored_names(network)
    assert not any("embeddings" in name for name in stored)
    assert any("encoder.layer.5" in name for name in stored)


def test_half_precision_stores_what_was_rounded(tmp_path):
    network = small_network(image_weights="none", report_layers=1)
    checkpoint.round_to_half(network)
    checkpoint.save(network, tmp_path / "half", half=True)
    loaded, _ = checkpoint.load(tmp_path / "half")
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


@pytest.mark.parametrize("name", [checkpoint.WEIGHTS, checkpoint.CONFIG, "MODEL_CARD.md"])
def test_a_flipped_bit_is_refused_by_name(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=name):
        checkpoint.load(folder)


def test_a_truncated_file_is_refused_by_name(folder):
    path = folder / checkpoint.WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=checkpoint.WEIGHTS):
        checkpoint.load(folder)


def test_a_missing_file_is_refused_by_name(folder):
    (folder / checkpoint.CONFIG).unlink()
    with pytest.raises(CheckpointError, match=checkpoint.CONFIG):
        checkpoint.load(folder)


def test_a_foreign_folder_is_refused(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match="not a BetaLens checkpoint"):
        checkpoint.load(tmp_path)


DEEP = "[" * 100_000
NO_MANIFEST = [
    DEEP, "[]", "null", "1", '"x"', "", "{", '{"format": 1}', "\ud800",
    {"files": []}, {"files": None}, {"files": 3}, {"frozen_report_encoder": None}, {"frozen_report_encoder": 5},
    {"frozen_report_encoder": []}, {"format": []}, {"format": "betalens-checkpoint/9"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", NO_MANIFEST)
def test_a_manifest_of_other_values_is_refused_in_a_sentence(folder, wrong):
    path = folder / checkpoint.MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(wrong if isinstance(wrong, str) else json.dumps(manifest | wrong), errors="surrogatepass")
    for use in (checkpoint.load, checkpoint.verify, lambda f: checkpoint.with_default_beta(f, 0.5)):
        with pytest.raises(CheckpointError):
            use(folder)


@pytest.mark.parametrize("digest", [5, None, [], {}, True, 1.5, "", "x"])
@pytest.mark.parametrize("name", [checkpoint.WEIGHTS, checkpoint.CONFIG, "MODEL_CARD.md"])
def test_a_digest_that_is_none_is_refused_in_a_sentence(folder, digest, name):
    path = folder / checkpoint.MANIFEST
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"files": manifest["files"] | {name: digest}}))
    with pytest.raises(CheckpointError):
        checkpoint.load(folder)


def test_a_manifest_without_the_report_encoder_is_refused_in_a_sentence(folder):
    path = folder / checkpoint.MANIFEST
    manifest = json.loads(path.read_text())
    del manifest["frozen_report_encoder"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    "config", [DEEP, "[]", "[1]", "null", "7", '"x"', "{", '{"a": ' + DEEP, '{"findings": 1}', "[[]]"]
)
def test_a_config_of_other_values_is_refused_in_a_sentence(folder, config):
    (folder / checkpoint.CONFIG).write_text(config)
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    manifest["files"][checkpoint.CONFIG] = hashlib.sha256(config.encode()).hexdigest()
    (folder / checkpoint.MANIFEST).write_text(json.dumps(manifest))
    for use in (checkpoint.load, lambda f: checkpoint.with_default_beta(f, 0.5)):
        with pytest.raises(CheckpointError):
            use(folder)


def test_tensors_of_another_shape_are_refused(folder):
    config = json.loads((folder / checkpoint.CONFIG).read_text())
    (folder / checkpoint.CONFIG).write_text(json.dumps(config | {"width": 64}))
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    manifest["files"][checkpoint.CONFIG] = file_digest(folder / checkpoint.CONFIG)
    (folder / checkpoint.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="does not fit"):
        checkpoint.load(folder)


def test_a_pickle_is_refused_unread(folder, tmp_path):
    """The manifest names it as the weights, and its digest is right."""

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"x": Trap()}, folder / checkpoint.WEIGHTS)
    digest = hashlib.sha256((folder / checkpoint.WEIGHTS).read_bytes()).hexdigest()
    manifest = json.loads((folder / checkpoint.MANIFEST).read_text())
    manifest["files"][checkpoint.WEIGHTS] = digest
    (folder / checkpoint.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=digest[:12]):
        checkpoint.load(folder)
    assert not (tmp_path / "sprung").exists()


def test_values_that_are_not_finite_are_refused(tmp_path):
    network = small_network(image_weights="none", report_layers=0)
    network.head.out.bias.data[0] = float("nan")
    checkpoint.save(network, tmp_path / "nan")
    with pytest.raises(CheckpointError, match=r"head\.out\.bias"):
        checkpoint.load(tmp_path / "nan")


def test_saving_over_a_checkpoint_replaces_all_of_it(network, folder):
    checkpoint.save(network, folder)
    assert not (folder / "MODEL_CARD.md").exists()
    checkpoint.load(folder)


WRITER = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from helpers import small_network
from model.network import checkpoint
network = small_network(image_weights="none", report_layers=1)
print("ready", flush=True)
while True:
    checkpoint.save(network, Path({folder!r}))
"""


def test_a_writer_killed_at_any_time_leaves_a_whole_checkpoint_or_none_damaged(folder):
    script = WRITER.format(paths=[os.getcwd(), os.path.join(os.getcwd(), "tests")], folder=str(folder))
    for pause in (0.05, 0.31, 0.72):
        writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        # Between moving the old one aside and the new one in there is none for an instant; never a torn one.
        if folder.exists():
            checkpoint.load(folder)


def test_another_default_beta_changes_nothing_else(network, folder):
    (folder / "trust.json").write_text("{}")  # lies beside what the manifest names
    digest = checkpoint.load(folder)[1]
    assert checkpoint.with_default_beta(folder, 0.35) == folder
    loaded, again = checkpoint.load(folder)
    assert again == digest
    assert loaded.config == dataclasses.replace(network.config, default_beta=0.35)
    assert (folder / "trust.json").read_text() == "{}"
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_copy_with_another_default_beta_leaves_the_checkpoint_alone(folder, tmp_path):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    copy = checkpoint.with_default_beta(folder, 0.8, tmp_path / "copies" / "model")
    assert checkpoint.load(copy)[0].config.default_beta == 0.8
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_default_beta_that_cannot_be_written_is_one_sentence(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        checkpoint.with_default_beta(folder, 0.8, tmp_path / "file" / "model")
    with pytest.raises(ChoiceError, match="default_beta"):
        checkpoint.with_default_beta(folder, 1.2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "model"]


def test_stopping_while_the_default_beta_is_written_keeps_the_checkpoint(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.shutil, "copytree", full)
    with pytest.raises(CheckpointError, match="No space left"):
        checkpoint.with_default_beta(folder, 0.9)
    assert checkpoint.load(folder)[0].config.default_beta == 0.5
    assert [p.name for p in folder.parent.iterdir()] == ["model"]
