"""A training that is killed loses at most an epoch, and several processes train one model: real processes."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROGRAM = [sys.executable, "-m", "dashboard.cli", "train", "--device", "cpu", "--json"]
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
LAUNCH += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0", "-m", *PROGRAM[2:]]
CONFIG = {"image_size": 64, "image_weights": "none", "image_channels": 32, "report_layers": 1, "max_tokens": 16}
CONFIG |= {"width": 16, "batch_size": 8, "epochs": 3, "class_weighting": "balanced"}


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> Path:
    """24 studies for training, 8 for validation, 8 for the test: a bright corner or none."""
    folder = tmp_path_factory.mktemp("studies")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        film = rng.integers(0, 60, (64, 64), np.uint8)
        if i % 2:
            film[40:, 40:] += 150
        Image.fromarray(film).save(folder / f"{i}.png")
        split = "train" if i < 24 else "val" if i < 32 else "test"
        report = "A large effusion." if i % 2 else "Clear lungs."
        rows.append((i, f"{i}.png", report, "Effusion" if i % 2 else "", i, split))
    with (folder / "studies.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("study_id", "image", "report", "label", "patient_id", "split"), *rows])
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder / "studies.csv"


def command(studies: Path, out: Path, *more: str, program=PROGRAM) -> list[str]:
    return [
        *program,
        "--studies",
        str(studies),
        "--config",
        str(studies.parent / "config.json"),
        "--out",
        str(out),
        *more,
    ]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def run(arguments: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=280, env=environment())


def stop_after_first_epoch(arguments: list[str], how: signal.Signals) -> int:
    """The exit status of a training that got a signal once its first epoch was done."""
    process = subprocess.Popen(
        arguments, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment()
    )
    with process:
        seen = []
        for line in process.stderr:
            seen.append(line)
            if "epoch 1/3  loss" in line:
                process.send_signal(how)
                break
        else:
            pytest.fail("".join(seen))
        process.communicate(timeout=200)
    return process.returncode


def weights(checkpoint: Path) -> bytes:
    return (checkpoint / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(studies, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "model"
    done = run(command(studies, out))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["studies"] == 24
    return out


@pytest.mark.timeout(600)
def test_a_killed_training_resumes_to_the_same_weights(studies, uninterrupted, tmp_path):
    out = tmp_path / "model"
    assert stop_after_first_epoch(command(studies, out), signal.SIGKILL) == -signal.SIGKILL
    assert not out.exists()

    refused = run(command(studies, out))
    assert refused.returncode == 2
    assert "--resume" in refused.stderr

    resumed = run(command(studies, out, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert "epoch 2/3  loss" in resumed.stderr or "epoch 3/3  loss" in resumed.stderr
    assert "epoch 1/3  loss" not in resumed.stderr
    assert weights(out) == weights(uninterrupted)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_writes_the_best_so_far_and_resume_does_the_rest(studies, uninterrupted, tmp_path):
    out = tmp_path / "model"
    assert stop_after_first_epoch(command(studies, out), signal.SIGINT) == 0
    assert (out / "model.safetensors").exists()
    resumed = run(command(studies, out, "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert weights(out) == weights(uninterrupted)


def test_what_was_learned_is_logged_for_tensorboard(uninterrupted):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = uninterrupted.with_name("model.training")
    log = EventAccumulator(str(next(folder.rglob("events.out.*")).parent)).Reload()
    assert len(log.Scalars("loss")) == 3
    assert "validation AUROC/β=0.5" in log.Tags()["scalars"]
    assert not (folder / "state.pt").exists()


@pytest.mark.timeout(600)
def test_two_processes_train_one_model(studies, tmp_path):
    out = tmp_path / "model"
    done = run(command(studies, out, program=LAUNCH))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["studies"] == 24
    assert done.stderr.count("epoch 3/3  loss") == 1
    assert (out / "model.safetensors").exists()
