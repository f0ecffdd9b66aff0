"""The command line, as a person or a script meets it."""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from inspect import signature
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
from archived import film_file
from helpers import REPORT
from PIL import Image

from dashboard.cli import main
from dashboard.commands.explain import command as explain_command
from dashboard.console import method_names
from explain import DEFAULT, methods_of
from model.inference.encoding import MODALITIES
from model.studies.splits import split_of

ROOT = Path(__file__).parents[1]


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


def test_explain_says_first_that_it_cannot_tell(betalens, film, explained, tmp_path):
    _, result = explained
    assert [why["modality"] for why in result["cannot_tell"]] == ["image"]
    done = betalens("explain", "--image", film, "--report-method", "contextual_cam", "--out", tmp_path)
    first = done.stdout.splitlines()[0]
    assert first == "Cannot tell: the film does not look like a chest radiograph."


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
        "trust", "--cases", "4", "--image-method", "gradcam", "--report-method", "gradient_x_input", "--json"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    both = {"n", "patients", "coarse", "faithfulness", "deletion", "insertion", "stability", "sanity"}
    film, report = result["image"]["gradcam"], result["report"]["gradient_x_input"]
    assert both | {"points_inside", "heat_concentration"} <= film.keys()
    assert both | {"top_word_states", "rank_percentile"} <= report.keys()
    assert film["points_inside"] >= 0.6
    assert film["heat_concentration"] > 2
    assert result["discordance"]["auroc"] >= 0.9
    assert sum(v["n"] for v in film["per_finding"].values()) == film["n"] > 0


def test_a_report_from_a_file_is_text_or_refused_before_a_model_is_loaded(betalens, tmp_path):
    report = tmp_path / "report.docx"
    report.write_bytes(b"PK\x03\x04" + bytes(100))
    done = betalens("explain", "--report", f"@{report}", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "Word" in done.stderr
    report.write_bytes("Pleuraerguß links.".encode("cp1252"))
    done = betalens("explain", "--report", f"@{report}", "--out", tmp_path / "out", "--json")
    assert "Windows-1252" in done.stderr
    assert next(w["text"] for w in json.loads(done.stdout)["words"]) == "Pleuraerguß"


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
        (["explain", "--split", "test", "--image-method", "contextual_cam", "--out", "/tmp/x"], "layercam"),
        (["explain", "--report", "x", "--report-method", "occlusion", "--out", "/tmp/x"], "leave_one_word_out"),
        (["evaluate", "--checkpoint", "tests"], "not a BetaLens checkpoint"),
        (["evaluate", "--split", "holdout"], "holdout"),
        (["evaluate", "--studies", "no-such.csv"], "cannot be read"),
        (["evaluate", "--device", "tpu"], "tpu"),
        (["trust", "--image-method", "saliency"], "gradcam"),
        (["train", "--out", "/tmp/x", "--config", "pyproject.toml"], "config"),
        (["train", "--out", "/proc/nowhere/x"], "name another place"),
        (["explain", "--report", "x", "--out", "/proc/nowhere/x"], "name another place"),
        (["explain", "--report", "x"], "--out, or --dicom"),
        (["explain", "--report", "x", "--dicom", "/tmp/x"], "that is a DICOM file"),
        (["explain", "--split", "test", "--dicom", "/tmp/x"], "takes one case"),
        (["explain", "--report", "x", "--out", "/tmp/x", "--verdict", "agree"], "goes with --dicom"),
        (["explain", "--report", "x", "--dicom", "/tmp/x", "--verdict", "perhaps"], "'perhaps'"),
        (["explain", "--report", "x", "--dicom", "/tmp/x", "--reader", "x"], "go with --verdict"),
        (
            ["explain", "--report", "x", "--dicom", "/tmp/x", "--verdict", "agree", "--has", "x"],
            "--has says",
        ),
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


def test_a_port_in_use_is_said_before_anything_is_loaded(betalens, monkeypatch):
    monkeypatch.setattr("model.inference.engine.Engine.load", lambda *_: pytest.fail("a model was loaded"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = betalens("serve", "--port", port)
    assert done.returncode == 2
    assert done.stderr.startswith(f"betalens: Port {port} on 127.0.0.1 cannot be used (Address already in use)")


@pytest.mark.parametrize("text", ["[1]", '[["epochs", 3]]', "3", '"epochs"', "null", "{", ""])
def test_a_config_that_is_no_object_is_refused(betalens, tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    done = betalens("train", "--out", tmp_path / "model", "--config", tmp_path / "config.json")
    assert done.returncode == 2
    assert "no JSON object" in done.stderr


def test_a_finding_that_the_model_does_not_know_is_refused_and_a_spelling_is_not(betalens, tmp_path):
    path = tmp_path / "studies.csv"
    rows = ["1,,A large pleural effusion.,effusion", "2,,No pleural effusion.,", "3,,Clear.,Scoliosis"]
    path.write_text("\n".join(["study_id,image,report,label", *rows]))
    done = betalens("evaluate", "--studies", path, "--split", "all", "--json")
    assert done.returncode == 2
    assert "Line 4 of studies.csv names the finding 'Scoliosis'" in done.stderr
    path.write_text("\n".join(["study_id,image,report,label", *rows[:2]]))
    done = betalens("evaluate", "--studies", path, "--split", "all", "--json")
    assert "'effusion' is read as the model's 'Effusion'" in done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["per_finding"]["Effusion"]["auroc"][0] == 1.0
    assert found["per_finding"]["Nodule"]["auroc"] == [None] * 5


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


def test_explain_names_every_method_and_takes_the_pages_where_none_is_named(betalens):
    defaults = {name: parameter.default for name, parameter in signature(explain_command).parameters.items()}
    for modality in MODALITIES:
        assert set(method_names(modality).split(", ")) == methods_of(modality).keys()
        assert defaults[f"{modality}_method"] == DEFAULT[modality]
    listed = betalens("explain", "--help").stdout
    assert all(name in listed for modality in MODALITIES for name in methods_of(modality))


def test_explain_gives_the_answer_to_the_archive_of_the_film(betalens, tmp_path):
    (tmp_path / "film.dcm").write_bytes(film_file())
    said = ["--verdict", "disagree", "--has", "Nodule", "--reader", "Reader^Test", "--outline", "0.1"]
    done = betalens("explain", "--image", tmp_path / "film.dcm", "--dicom", tmp_path / "back", *said, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert sorted(result["dicom"]) == sorted(str(path) for path in (tmp_path / "back").iterdir())
    report = str(pydicom.dcmread(tmp_path / "back" / "report.dcm"))
    assert "The reader disagrees" in report
    assert f"{100 * result['prediction']['Nodule']:.2f}"[:4] in report


def test_explain_takes_any_method_for_one_case(betalens, film, tmp_path):
    chosen = ("--image-method", "layercam", "--report-method", "gradient_x_input")
    done = betalens("explain", "--image", film, "--report", REPORT, *chosen, "--out", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["methods"] == {"image": "layercam", "report": "gradient_x_input"}


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
    done = betalens("import", "csv", tmp_path / "mine.csv", "--keep-all", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["left_out"] == {"missing image": 1}
    with (tmp_path / "studies.csv").open("a", encoding="utf-8") as file:
        file.write("late,p0,missing.png,text,Effusion,test\n")
    options = ("--config", tmp_path / "config.json", "--folds", "0")
    done = betalens("train", "--studies", studies, *options, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["skipped"] == 1
    assert "line 62: its image is missing" in done.stderr
    assert "validation AUROC" in done.stderr + done.stdout
    assert sorted(os.listdir(out)) == [
        "MODEL_CARD.md", "config.json", "evaluation.json", "familiarity.safetensors", "learnt.safetensors",
        "manifest.json", "model.safetensors", "reference.safetensors",
    ]  # fmt: skip
    evaluated = betalens("evaluate", "--studies", studies, "--checkpoint", out, "--split", "all", "--json")
    result = json.loads(evaluated.stdout.splitlines()[-1])
    assert result["n"] == sum(split_of(f"p{i}") != "train" for i in range(60))  # never what it has learnt
    assert "learnt" in evaluated.stderr
    chose = result["chose_the_model"]
    assert chose == sum(split_of(f"p{i}") == "val" for i in range(60))
    assert f"it was chosen on {chose} of these {result['n']} studies" in evaluated.stderr
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


@pytest.mark.parametrize("asked", [["--help"], ["feedback", "list"], ["options"], ["weights", "list"]])
def test_what_needs_no_model_does_not_wait_for_torch(asked, tmp_path):
    """Under half a second of a processor, where it was 2.6 s."""
    script = """
        import sys
        from dashboard import cli
        try:
            cli.main()
        except SystemExit as ended:
            assert not ended.code
        print(sorted({"torch", "gradio", "transformers", "pandas"} & sys.modules.keys()), file=sys.stderr)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), *asked]
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=here)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
