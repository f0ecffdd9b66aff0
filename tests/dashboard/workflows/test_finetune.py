"""From verdicts to a promoted version, as a person does it on the command line, and as the page has it done."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from helpers import small_network
from PIL import Image

from dashboard.access.identity import LOCAL
from dashboard.feedback.finetuning import Finetuning
from dashboard.serving.model_registry import ModelRegistry
from dashboard.workflows.finetune import FinetuneResult, corrections_taught, finetune_version
from explain import Cancelled
from model.feedback import FeedbackStore, Flag
from model.feedback.corrections import corrections
from model.finetuning.encoders import teach_encoders
from model.finetuning.finetune import Recipe
from model.finetuning.versions import Versions, base_version
from model.inference.embeddings import encoders_digest
from model.inference.engine import Engine
from model.network import checkpoint
from model.studies.opening import open_studies

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")
pytestmark = pytest.mark.timeout(1500)  # a minute of computing, on a machine that is busy with something else


class QueuePlace(NamedTuple):
    studies: Path
    checkpoint: Path
    feedback: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> QueuePlace:
    """A table of 36 studies, a small model, and verdicts on eight studies for training, one of them
    with a box, and two for validation."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(36):
        name, label = f"{i}.png", "|".join(f for f in FINDINGS if rng.random() < 0.4)
        Image.fromarray(rng.integers(0, 255, (64, 64), np.uint8)).save(folder / name)
        rows.append((i, name, "A report.", label, i, "train" if i < 18 else "val" if i < 30 else "test"))
    with (folder / "studies.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("study_id", "image", "report", "label", "patient_id", "split"), *rows])
    network = small_network(image_size=64, image_weights="none", report_layers=1)
    checkpoint.save(network, folder / "model")
    store = FeedbackStore(folder / "feedback")
    for study in (*range(8), 20, 21):
        shown = {"report": "A report.", "model_digest": "m", "probabilities": dict.fromkeys(FINDINGS, 0.4)}
        said = {"reviewer": "r", "beta": 0.5, "verdict": "disagree", "corrected_labels": ("Effusion",)}
        here = {"finding_boxes": [("Effusion", 0.5, 0.0, 0.5, 0.5)]} if study == 0 else {}
        store.append(Flag.new(study_id=str(study), **shown, **said, **here))
    return QueuePlace(folder / "studies.csv", folder / "model", folder / "feedback")


def command(place: QueuePlace, models: Path, *more: str) -> list[str]:
    program = [sys.executable, "-m", "dashboard.cli", "finetune", "--device", "cpu", "--models", str(models)]
    study_digest = {"--studies": place.studies, "--checkpoint": place.checkpoint, "--feedback": place.feedback}
    return program + [str(part) for pair in study_digest.items() for part in pair] + list(more)


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """One thread: what is this small is computed faster without handing it around, above all where others compute."""
    alone = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return os.environ | alone | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_verdicts_on_training_studies_alone_would_teach(place):
    engine, table = Engine.load(place.checkpoint, "cpu"), open_studies(place.studies)
    flags = FeedbackStore(place.feedback).rows()
    corrected, taught = corrections_taught(engine, table, flags)
    assert set(corrected) == {*map(str, range(8)), "20", "21"}
    assert set(taught) == set(map(str, range(8)))
    measuring = [flag for flag in flags if flag.study_id in ("20", "21")]
    assert corrections_taught(engine, table, measuring)[1] == {}


def test_verdicts_become_a_version_that_says_what_it_learnt(place, tmp_path, environment):
    done = subprocess.run(
        command(place, tmp_path / "models", "--force", "--json"), capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    result, versions = json.loads(done.stdout), Versions(tmp_path / "models")
    assert (result["version"], result["parent"], result["promoted"]) == ("0002", "0001", True)
    assert (result["learnt"]["studies"], result["learnt"]["not_learnt"]) == (8, 2)
    assert result["learnt"]["marked_studies"] == 1
    assert [(s["study_id"], s["why"]) for s in result["untaught"]] == [("20", "val"), ("21", "val")]
    kept = (versions.path("0002") / "origin.json").read_text()
    assert "untaught" not in kept
    assert '"20"' not in kept
    rows = {row["name"]: row for row in result["rows"]}
    assert {"auroc", "auroc|β=0.5", "ece|β=1", "auroc|Effusion", "as_corrected|learnt", "as_corrected|others"} <= set(
        rows
    )
    assert rows["as_corrected|learnt"]["after"] > rows["as_corrected|learnt"]["before"]
    assert versions.current() == "0002"
    assert versions.origin("0002")["learnt"] == result["learnt"]
    before, after = (Engine.load(versions.path(name), "cpu") for name in ("0001", "0002"))
    assert encoders_digest(before.network) == encoders_digest(after.network)
    assert (before.network.cell_scale, before.network.word_scale) == (
        after.network.cell_scale,
        after.network.word_scale,
    )
    assert versions.rollback() == "0001"


def test_ctrl_c_leaves_feedback_and_versions_as_they_are(place, tmp_path, environment):
    flags = (place.feedback / "flags.csv").read_bytes()
    process = subprocess.Popen(
        command(place, tmp_path / "models"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        # As at a terminal: what a script starts in the background is told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while b"encoding" not in (seen := process.stderr.read(1) + process.stderr.readline()):
        assert seen.strip(), process.stdout.read()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    assert (place.feedback / "flags.csv").read_bytes() == flags
    assert Versions(tmp_path / "models").names() == ["0001"]


@pytest.fixture
def finetuning(place, tmp_path) -> Finetuning:
    """Of a server whose promoted version is the model as it came."""
    versions, table = Versions(tmp_path / "models"), open_studies(place.studies)
    engine = Engine.load(versions.path(base_version(versions, place.checkpoint)), "cpu")
    return Finetuning(ModelRegistry(engine, table, versions), versions, table, FeedbackStore(place.feedback))


def test_what_is_cancelled_leaves_the_model_as_it_was_and_can_be_begun_again(place, finetuning, tmp_path):
    flags, versions = (place.feedback / "flags.csv").read_bytes(), Versions(tmp_path / "models")
    job = finetuning.begin(LOCAL)
    assert finetuning.begin(LOCAL) is job  # a second press is the same one
    job.cancel()
    assert list(job.messages(FinetuneResult.to_json))[-1] == {"cancelled": True}
    assert (place.feedback / "flags.csv").read_bytes() == flags
    assert (versions.names(), versions.current()) == (["0001"], "0001")

    again = finetuning.begin(LOCAL)
    *progress, outcome = again.messages(FinetuneResult.to_json)
    assert again is not job
    assert {message["progress"]["name"] for message in progress} <= {"encoding", "marks", "learning", "testing"}
    assert (outcome["version"], outcome["learnt"]["studies"]) == ("0002", 8)


@pytest.mark.parametrize("part", ["learning", "testing"])
def test_no_part_of_it_leaves_a_version_behind_where_it_is_ended(place, tmp_path, part):
    versions, table = Versions(tmp_path / "models"), open_studies(place.studies)
    base = Engine.load(versions.path(base_version(versions, place.checkpoint)), "cpu")
    before = {name: tensor.clone() for name, tensor in base.network.state_dict().items()}

    def ended(steps):
        yield next(iter(steps))
        raise Cancelled

    with pytest.raises(Cancelled):
        finetune_version(
            versions,
            base,
            table,
            FeedbackStore(place.feedback).rows(),
            Recipe(passes=2),
            progress_for=lambda name: ended if name == part else iter,
        )
    assert sorted(p.name for p in versions.folder.iterdir() if not p.name.startswith(".")) == ["0001", "current.json"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.network.state_dict().items())


def test_the_page_is_told_that_another_process_learns(finetuning, tmp_path):
    with Versions(tmp_path / "models").exclusive():
        *_, said = finetuning.begin(LOCAL).messages(FinetuneResult.to_json)
    assert "is under way: start this one when it has ended" in said["error"]


def test_without_a_verdict_there_is_one_sentence(place, tmp_path, environment):
    lacking = place._replace(feedback=tmp_path / "none")
    done = subprocess.run(command(lacking, tmp_path / "models"), capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "nothing to learn" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_one_is_told_that_another_is_under_way(place, tmp_path, environment):
    versions = Versions(tmp_path / "models")
    with versions.exclusive():
        done = subprocess.run(command(place, versions.folder), capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is under way: start this one when it has ended" in done.stderr
    assert "Traceback" not in done.stderr
    assert versions.names() == []


def test_encoders_learn_on_request_and_the_base_stays(place):
    base, table = Engine.load(place.checkpoint, "cpu"), open_studies(place.studies)
    before = {name: tensor.clone() for name, tensor in base.network.state_dict().items()}
    found = corrections(FeedbackStore(place.feedback).rows(), FINDINGS, table.problem_type)
    taught = teach_encoders(base, table.of_split("train"), found, replay=1.0)
    assert encoders_digest(taught.network) != encoders_digest(base.network)
    assert taught.config == base.config
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.network.state_dict().items())
