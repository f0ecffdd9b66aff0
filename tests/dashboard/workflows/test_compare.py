"""`betalens compare`, as a person meets it: trained once, resumed, loaded, and set side by side."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from dashboard.cli import app
from model.errors import BetaLensError
from model.evaluation.beta_curves import BETA_GRID
from model.evaluation.compare_models import decide
from model.evaluation.metrics import evaluate
from model.inference.embeddings import encode_studies
from model.inference.engine import Engine
from model.studies.opening import open_studies

# Both encoders wholly frozen: the fastest training there is.
FROZEN = {"image_frozen_stride": 32, "report_layers": 0}
FIELDS = FROZEN | {"image_size": 64, "image_channels": 16, "width": 16, "epochs": 1}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Thirty-six studies: films with a bright corner, reports that say so for two in three."""
    folder, rng = tmp_path_factory.mktemp("studies"), np.random.default_rng(0)
    rows = ["study_id,image,report,label,patient_id,split"]
    for i in range(36):
        positive = rng.random() < 0.5
        pixels = rng.integers(0, 60, (64, 64), np.uint8)
        pixels[40:60, 40:60] += np.uint8(90 * positive)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        said = positive if i % 3 else not positive
        report = "There is an effusion." if said else "The lungs are clear."
        split = ("train", "val", "test")[i // 2 % 3]
        rows.append(f"{i},{i}.png,{report},{'Effusion' if positive else ''},p{i // 2},{split}")
    (folder / "studies.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(FIELDS), encoding="utf-8")
    return folder


def run(table, *arguments):
    common = ["compare", "--studies", table / "studies.csv", "--config", table / "config.json", "--device", "cpu"]
    return CliRunner().invoke(app, [str(a) for a in (*common, *arguments)])


TWO = ("--fusion", "weighted", "--fusion", "gated")


@pytest.fixture(scope="module")
def compared(table):
    done = run(table, *TWO, "--out", table / "models", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def test_a_model_is_trained_for_each_fusion_and_measured(table, compared):
    assert [m["name"] for m in compared["models"]] == [m["fusion"] for m in compared["models"]] == ["weighted", "gated"]
    assert (compared["n"], compared["patients"]) == (12, 6)
    for model in compared["models"]:
        engine, studies = Engine.load(table / "models" / model["name"], "cpu"), open_studies(table / "studies.csv")
        tested = studies.of_split("test")
        reference = encode_studies(engine, tested)
        printed = evaluate(engine, reference, tested, (1.0, 0.0, model["beta"])).macro_auroc
        found = [model["auroc"][way] for way in ("image", "report", "fused")]
        assert [f["value"] for f in found] == pytest.approx(printed, abs=1e-4)
        assert all(f["low"] is None or f["low"] <= f["value"] <= f["high"] for f in found)
    assert compared["models"][0]["difference"]["fused"] == {"value": 0, "low": None, "high": None}
    assert compared["few"] == {"Effusion": min(_patients(table, "Effusion"))}


def _patients(table, finding) -> tuple[int, int]:
    """Of the test split, those with a finding and those without it."""
    tested = open_studies(table / "studies.csv").of_split("test")
    return tuple(len({s.patient_id for s in tested if (finding in s.labels) == side}) for side in (True, False))


def test_beta_is_the_best_on_the_validation_split(table, compared):
    studies = open_studies(table / "studies.csv")
    engine = Engine.load(table / "models" / "gated", "cpu")
    validation = studies.of_split("val")
    over_beta = evaluate(engine, encode_studies(engine, validation), validation, BETA_GRID).macro_auroc
    decided = decide(engine, studies)
    assert decided.beta_from == "validation"
    assert over_beta[BETA_GRID.index(decided.beta)] == over_beta.max()
    assert compared["models"][1]["beta"] == decided.beta


def test_what_is_trained_is_not_trained_again(table, compared):
    weights = table / "models" / "gated" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    again = run(table, *TWO, "--out", table / "models")
    assert again.exit_code == 0
    assert weights.stat().st_mtime_ns == before
    for text in ("weighted", "gated", f"{compared['models'][1]['auroc']['image']['value']:.3f}"):
        assert text in again.stdout


def test_checkpoints_are_compared_without_training(table, compared):
    folders = [table / "models" / name for name in ("gated", "weighted")]
    done = run(table, "--checkpoint", folders[0], "--checkpoint", folders[1], "--json")
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert [m["auroc"] for m in loaded["models"]] == [m["auroc"] for m in reversed(compared["models"])]


def test_a_training_that_was_interrupted_goes_on(table, compared, monkeypatch):
    import dashboard.workflows.compare
    from model.training import resume

    out = table / "interrupted"
    kept = resume.forget
    monkeypatch.setattr("dashboard.workflows.train.forget", lambda folder: None)  # as Ctrl-C leaves it
    asked = ("--checkpoint", table / "models" / "gated", "--fusion", "weighted", "--out", out, "--json")
    stopped = run(table, *asked)
    assert stopped.exit_code == 130
    assert resume.unfinished(out / "weighted")
    monkeypatch.setattr("dashboard.workflows.train.forget", kept)
    resumed = []
    train = dashboard.workflows.compare.train_checkpoint
    monkeypatch.setattr(
        dashboard.workflows.compare, "train_checkpoint", lambda *a, **k: resumed.append(a[-1]) or train(*a, **k)
    )
    done = run(table, *asked)
    assert resumed == [True]
    models = json.loads(done.stdout.splitlines()[-1])["models"]
    assert [m["digest"] for m in models] == [m["digest"] for m in reversed(compared["models"])]


def test_a_model_of_other_options_is_not_taken_for_this_one(table, compared):
    done = run(table, *TWO, "--out", table / "models", "--seed", "7")
    assert isinstance(done.exception, BetaLensError)
    assert "other options" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "at least two"), (("--fusion", "gated"), "at least two"), (TWO, "--out")],
)
def test_what_is_missing_is_said_before_anything_runs(table, arguments, said):
    done = run(table, *arguments)
    assert isinstance(done.exception, BetaLensError)
    assert said in str(done.exception)


def test_an_unknown_fusion_is_refused_before_any_training(table, tmp_path):
    done = run(table, "--fusion", "weighted", "--fusion", "telepathy", "--out", tmp_path / "models")
    assert "cross_attention" in str(done.exception)
    assert not (tmp_path / "models").exists()
