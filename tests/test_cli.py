"""The command line, as a person or a script meets it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers import REPORT
from PIL import Image

from dashboard.cli import main


@pytest.fixture(scope="module")
def betalens():
    """Run a command in this process; the same entry point as the installed program's."""

    def run(*arguments) -> subprocess.CompletedProcess:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr(sys, "argv", ["betalens", *map(str, arguments)])
            try:
                main()
            except SystemExit as stopped:
                code = stopped.code or 0
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.png"
    Image.radial_gradient("L").resize((120, 160)).save(path)
    return path


@pytest.fixture(scope="module")
def explained(betalens, film, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    report = out / "report.txt"
    report.write_text(REPORT, encoding="utf-8")
    done = betalens("explain", "--image", film, "--report", f"@{report}", "--beta", "0.4", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_explain_writes_what_it_prints(explained):
    out, printed = explained
    assert json.loads((out / "explanation.json").read_text(encoding="utf-8")) == printed


def test_explain_says_everything_about_the_decision(explained):
    _, result = explained
    assert result["beta"] == 0.4
    assert result["finding"] == max(result["prediction"], key=result["prediction"].get)
    assert all(0 <= p <= 1 for p in result["prediction"].values())
    shares = result["contributions"]["image"] + result["contributions"]["report"]
    assert shares == pytest.approx(result["logit"] - result["reference_logit"], abs=1e-3)
    assert result["methods"] == {"image": "gradcam", "report": "integrated_gradients"}
    assert 0 <= result["completeness_error"]["report"] <= 0.01
    assert [REPORT[w["start"] : w["end"]] for w in result["words"]] == [w["text"] for w in result["words"]]


def test_the_heatmap_has_the_size_of_the_image(explained):
    out, _ = explained
    heat = np.load(out / "heatmap.npy")
    assert heat.shape == (160, 120)
    assert heat.min() >= 0
    assert Image.open(out / "overlay.png").size == (120, 160)


def test_evaluate_prints_metrics_over_beta(betalens):
    done = betalens("evaluate", "--split", "val", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["betas"] == [0, 0.25, 0.5, 0.75, 1.0]
    assert result["n"] == 255
    assert all(len(v["auroc"]) == 5 for v in result["per_finding"].values())
    assert result["macro_auroc"][0] >= 0.95
    assert result["macro_auroc"][4] >= 0.90
    assert result["macro_auroc"][2] >= max(result["macro_auroc"][0], result["macro_auroc"][4]) - 0.005


def test_trust_prints_each_figure_of_each_method(betalens):
    done = betalens(
        "trust", "--cases", "8", "--image-method", "gradcam", "--report-method", "gradient_x_input", "--json"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    both = {"n", "deletion_auc", "random_deletion_auc", "insertion_auc", "random_insertion_auc", "stability", "sanity"}
    film, report = result["image"]["gradcam"], result["report"]["gradient_x_input"]
    assert both | {"points_inside", "heat_concentration"} <= film.keys()
    assert both | {"top_word_states", "rank_percentile"} <= report.keys()
    assert film["points_inside"] >= 0.6
    assert film["heat_concentration"] > 2
    assert result["discordance"]["auroc"] >= 0.9
    assert sum(v["n"] for v in film["per_finding"].values()) == film["n"] > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["explain", "--out", "/tmp/x"], "radiograph, a report, or both"),
        (["explain", "--image", "pyproject.toml", "--out", "/tmp/x"], "PNG"),
        (["explain", "--image", "no-such-file.png", "--out", "/tmp/x"], "cannot be read"),
        (["explain", "--report", "x", "--beta", "2", "--out", "/tmp/x"], "from 0"),
        (["explain", "--report", "x", "--beta", "nan", "--out", "/tmp/x"], "from 0"),
        (["explain", "--report", "x", "--finding", "Fracture", "--out", "/tmp/x"], "Fracture"),
        (["explain", "--report", "x", "--split", "test", "--out", "/tmp/x"], "not both"),
        (["explain", "--split", "test", "--report-method", "occlusion", "--out", "/tmp/x"], "contextual_cam"),
        (["evaluate", "--checkpoint", "tests"], "not a BetaLens checkpoint"),
        (["evaluate", "--split", "holdout"], "holdout"),
        (["evaluate", "--studies", "no-such.csv"], "cannot be read"),
        (["evaluate", "--device", "tpu"], "tpu"),
        (["trust", "--image-method", "saliency"], "gradcam"),
        (["train", "--out", "/tmp/x", "--config", "pyproject.toml"], "config"),
        (["import", "csv", "no-such.csv"], "cannot be read"),
        (["import", "csv", "pyproject.toml"], "column"),
        (["import", "openi", "no-such-folder"], "no folder"),
        (["import", "mimic", "tests"], "mimic-cxr-2.0.0-chexpert.csv"),
        (["import", "dicom", "tests"], "--reports"),
    ],
)
def test_what_a_person_did_wrong_is_one_sentence_and_exit_2(betalens, arguments, says):
    done = betalens(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def archive_table(tmp_path):
    """Studies for three shards, one of them with a film that is torn."""
    Image.radial_gradient("L").resize((64, 64)).save(tmp_path / "film.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "film.png").read_bytes()[:200])
    rows = [f"{i},{'film.png' if i % 8 == 0 else ''},Heart is enlarged {i}.,Effusion" for i in range(300)]
    rows[5] = "5,torn.png,x,Effusion"
    (tmp_path / "studies.csv").write_text("\n".join(["study_id,image,report,label", *rows]), encoding="utf-8")
    return tmp_path / "studies.csv"


def test_an_archive_that_was_killed_goes_on(betalens, archive_table, tmp_path):
    out = tmp_path / "why"
    arguments = ["explain", "--studies", str(archive_table), "--out", str(out), "--report-method", "contextual_cam"]
    process = subprocess.Popen([sys.executable, "-m", "dashboard.cli", *arguments], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 250
    while not (out / "explanations-00000.parquet").exists() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    whole = {p.name: p.stat().st_mtime_ns for p in out.glob("*.parquet")}
    assert "explanations-00000.parquet" in whole
    assert len(whole) < 3
    done = betalens(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert "Line 7" not in done.stderr  # in a shard that was there
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["studies"], result["unexplained"]) == (300, 1)
    assert {name: (out / name).stat().st_mtime_ns for name in whole} == whole
    assert sum(pq.read_metadata(p).num_rows for p in out.glob("*.parquet")) == 300
    again = betalens(*arguments, "--json", "--beta", "0.1")
    assert again.returncode == 2
    assert "another β" in again.stderr


def test_every_command_has_help(betalens):
    listed = betalens("--help").stdout
    for command in ("serve", "import", "train", "evaluate", "compare", "explain", "trust", "options"):
        assert command in listed
        assert betalens(command, "--help").returncode == 0


def test_every_source_says_what_it_reads(betalens):
    for source in ("csv", "openi", "mimic", "dicom"):
        assert source in betalens("import", "--help").stdout
        assert betalens("import", source, "--help").returncode == 0


def test_the_installed_program_is_the_same():
    program = os.path.join(os.path.dirname(sys.executable), "betalens")
    done = subprocess.run([program, "explain", "--out", "/tmp/x"], capture_output=True, text=True, timeout=200)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_import_then_train_then_evaluate_on_studies_of_ones_own(betalens, tmp_path):
    rng = np.random.default_rng(0)
    rows = ["study_id,image,report,label,patient_id"]
    for i in range(60):
        positive = i % 2
        pixels = rng.integers(0, 60, (80, 80), np.uint8)
        pixels[50:70, 50:70] += 150 * positive
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i}.png")
        rows.append(
            f"{i},{i}.png,{'Effusion is seen.' if positive else 'Clear.'},{'Effusion' if positive else ''},p{i}"
        )
    rows.append("bad,missing.png,text,Effusion,p0")
    (tmp_path / "mine.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "config.json").write_text('{"image_size": 64, "report_layers": 0, "epochs": 2}')
    studies, out = str(tmp_path / "studies.csv"), str(tmp_path / "model")
    done = betalens("import", "csv", tmp_path / "mine.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["left_out"] == {"missing image": 1}
    with (tmp_path / "studies.csv").open("a", encoding="utf-8") as file:
        file.write("late,p0,missing.png,text,Effusion,test\n")
    done = betalens("train", "--studies", studies, "--config", str(tmp_path / "config.json"), "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["skipped"] == 1
    assert "line 62: its image is missing" in done.stderr
    assert "validation AUROC" in done.stderr + done.stdout
    assert sorted(os.listdir(out)) == [
        "MODEL_CARD.md", "config.json", "evaluation.json", "manifest.json", "model.safetensors",
        "reference.safetensors",
    ]  # fmt: skip
    evaluated = betalens("evaluate", "--studies", studies, "--checkpoint", out, "--split", "all", "--json")
    result = json.loads(evaluated.stdout.splitlines()[-1])
    assert result["n"] == 60
    assert set(result["per_finding"]) == {"Effusion"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('{"epochs": "x"}', "epochs is 'x'; it takes a whole number"),
        ('{"report_outputs": 4}', "report_outputs is 4; it takes a list of whole numbers"),
    ],
)
def test_a_config_field_of_another_type_is_refused_with_its_name(tmp_path, fields, said):
    """As installed: in the tests' own process, annotations are checked before."""
    (tmp_path / "config.json").write_text(fields)
    command = [sys.executable, "-m", "dashboard.cli", "train", "--config", tmp_path / "config.json", "--out"]
    done = subprocess.run([*command, tmp_path / "model"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith(f"betalens: {said} (")
    assert not (tmp_path / "model").exists()
