"""`betalens train` on the tables that people have: small ones, odd ones, and a second one into the same folder."""

import csv
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dashboard.workflows.train import LOCK, train_checkpoint
from model.errors import BetaLensError, ChoiceError, StudyTableError, TrainingError
from model.importing.import_studies import import_studies
from model.importing.report import ImportReport
from model.importing.sources.csv import open_source
from model.storage.files import exclusive
from model.studies.table import Study
from model.training.cross_validation import folds
from model.training.resume import folder_beside

TINY = {"image_encoder": "timm/tf_efficientnet_lite0", "image_size": 64, "image_weights": "none", "image_channels": 16}
TINY |= {"width": 16, "epochs": 1, "max_tokens": 16, "report_layers": 0, "image_frozen_stride": 0, "image_stride": 32}


@pytest.fixture
def table(tmp_path):
    """Write a CSV of films of noise and reports, with the labels that are given."""

    def write(labels, patients=None, report="Clear lungs.", **columns) -> Path:
        rng = np.random.default_rng(0)
        rows = []
        for i, label in enumerate(labels):
            Image.fromarray(rng.integers(0, 255, (40, 40), np.uint8)).save(tmp_path / f"{i}.png")
            patient = patients[i] if patients else f"p{i}"
            rows.append((i, f"{i}.png", report, label, patient, *(cells[i] for cells in columns.values())))
        with (tmp_path / "mine.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("study_id", "image", "report", "label", "patient_id", *columns), *rows])
        return tmp_path / "mine.csv"

    return write


@pytest.fixture(autouse=True)
def one_thread():
    """What is this small is learnt faster without handing it around."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(path: Path, out: Path, **options) -> dict:
    return train_checkpoint(path, out, TINY, None, False, "cpu", **options)


@pytest.mark.parametrize(
    ("labels", "patients", "count"),
    [
        ([f"kind {i % 3}" for i in range(12)], None, 5),
        ([f"finding {i % 30}" for i in range(60)], None, 5),
        (["Effusion", *[""] * 11], None, 5),
        ([("A", "B")[i % 2] for i in range(10)], [f"p{i // 5}" for i in range(10)], 2),
        (["A", "B", "A", "B", "C"], None, 5),
    ],
)
def test_folds_are_cut_of_few_studies_and_none_is_empty(labels, patients, count):
    patients = patients or [f"p{i}" for i in range(len(labels))]
    some = tuple(
        Study(str(i), None, "r", frozenset({label} - {""}), patient, "train")
        for i, (label, patient) in enumerate(zip(labels, patients, strict=True))
    )
    cut = folds(some, count, seed=0)
    assert sorted(np.concatenate([fold.held_out for fold in cut])) == list(range(len(labels)))
    for fold in cut:
        assert len(fold.held_out)
        assert len(fold.train)
        assert not {patients[i] for i in fold.held_out} & {patients[i] for i in fold.train}


def imported(path: Path) -> ImportReport:
    source = open_source(path)
    return import_studies(source, source.folder, keep_all=True)


def test_the_documented_path_works_from_ten_studies_on(table, tmp_path, capsys):
    path = table([("Effusion", "", "Edema")[i % 3] for i in range(10)], report="word " * 40)
    assert imported(path).studies == 10
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("{}")  # an older one
    made = run(tmp_path / "studies.csv", tmp_path / "model", overwrite=True)
    assert made["studies"] == 10
    said = capsys.readouterr().err
    assert "Fold 5 of 5" in said
    assert "Of 10 of 10 reports only the first 16 word pieces are read" in said
    assert json.loads((tmp_path / "model" / "evaluation.json").read_text())["n"] == 10


@pytest.mark.parametrize(
    ("labels", "options", "says"),
    [
        (["Effusion"] * 6, {}, "Every study of mine.csv is labelled Effusion"),
        ([""] * 6, {}, "names no finding"),
        (["A", "B"] * 3, {"patients": ["p"] * 6}, "are of one patient"),
        (["A", "B"] * 3, {"split": ["train"] * 4 + ["test"] * 2}, "no study in split val.*--folds 5"),
    ],
)
def test_what_is_missing_is_one_sentence_that_says_how_to_go_on(table, tmp_path, labels, options, says):
    with pytest.raises(StudyTableError, match=says):
        run(table(labels, **options), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_more_folds_than_patients_are_refused_where_they_are_asked_for(table, tmp_path):
    path = table(["A", "B"] * 3, patients=list("ppqqrr"))
    with pytest.raises(TrainingError, match="5 folds were asked for; 3 patients"):
        run(path, tmp_path / "model", folds=5)


def test_patients_who_share_films_are_counted_as_they_are_cut(table, tmp_path):
    path = table(["A", "B"] * 4, patients=list("ppqqrrss"))
    (tmp_path / "2.png").write_bytes((tmp_path / "0.png").read_bytes())
    with pytest.raises(TrainingError, match="4 folds were asked for; 4 patients, of whom some share films, are 3 that"):
        run(path, tmp_path / "model", folds=4)
    for i in range(1, 8):
        (tmp_path / f"{i}.png").write_bytes((tmp_path / "0.png").read_bytes())
    with pytest.raises(StudyTableError, match="of one patient, or of 4 patient ids that share films"):
        run(path, tmp_path / "model")


@pytest.mark.parametrize("field", [{"findings": ["A"]}, {"problem_type": "single_label_classification"}])
def test_what_the_table_says_is_not_taken_from_the_config(table, tmp_path, field):
    with pytest.raises(ChoiceError, match=next(iter(field))):
        train_checkpoint(table(["A", "B"] * 3), tmp_path / "model", TINY | field, None, False, "cpu")


@pytest.mark.parametrize(
    ("holds", "options", "says"),
    [
        ("manifest.json", {}, "--overwrite"),
        ("manifest.json", {"resume": True}, "--overwrite"),
        ("holiday.jpg", {"overwrite": True}, "is no model"),
    ],
)
def test_nothing_is_replaced_unasked(tmp_path, holds, options, says):
    out = tmp_path / "model"
    out.mkdir()
    (out / holds).write_text("kept")
    with pytest.raises(TrainingError, match=says):
        run(tmp_path / "no-such.csv", out, **options)
    assert (out / holds).read_text() == "kept"
    assert list(tmp_path.iterdir()) == [out]


def test_a_second_training_into_a_folder_is_refused_at_once(tmp_path):
    folder = folder_beside(tmp_path / "model")
    folder.mkdir()
    with exclusive(folder / LOCK, RuntimeError()), pytest.raises(TrainingError, match="Another training"):
        run(tmp_path / "no-such.csv", tmp_path / "model")


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path):
    code = "import sys; from pathlib import Path; from model.storage.files import exclusive\n"
    code += "with exclusive(Path(sys.argv[1]), RuntimeError()): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RuntimeError), exclusive(tmp_path / "lock", RuntimeError()):
            pass
        process.kill()
        process.wait()
    with exclusive(tmp_path / "lock", RuntimeError()):
        pass


def test_a_full_disk_is_a_sentence_and_leaves_no_half_model(table, tmp_path):
    path, disk = table(["A", "B"] * 3), tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises((BetaLensError, OSError), match=r"written|No space"):
            run(path, disk / "model", folds=2)
        assert not (disk / "model").exists()
        assert not [path for kind in ("*.tmp", "*.new", ".model-*") for path in disk.rglob(kind)]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_ctrl_c_ends_with_a_sentence(table, tmp_path):
    path = table(["A", "B"] * 3)
    os.mkfifo(tmp_path / "config.json")  # the command waits in the middle of its work
    command = [sys.executable, "-m", "dashboard.cli", "train", "--studies", path, "--out", tmp_path / "model"]
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [*command, "--config", tmp_path / "config.json"], stderr=subprocess.PIPE, text=True, preexec_fn=heeding
    )
    with (tmp_path / "config.json").open("w"):  # until it reads
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert said == "betalens: Interrupted.\n"
