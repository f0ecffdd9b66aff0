"""No figure is measured on what a model has learnt: labels that nothing tells of are guessed half of the time, on every
path, however the table was saved since."""

import csv
import json
import shutil
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from learnt import FINDINGS, cross_validated, held_out, random_table, rewritten
from PIL import Image
from typer.testing import CliRunner

from dashboard.beta_lab.service import BetaLabService
from dashboard.cli import app
from dashboard.serving.served import ServedModel
from model.errors import BetaLensError
from model.evaluation.held_out import predict_held_out
from model.evaluation.metrics import evaluate
from model.feedback import FeedbackStore, Flag
from model.finetuning.versions import Versions
from model.inference.embeddings import encode_studies
from model.inference.engine import Engine
from model.inference.familiarity import FILE as FAMILIARITY
from model.inference.provenance import FILE, Provenance
from model.network.checkpoint import MANIFEST, with_files
from model.studies.content import contents_of
from model.studies.opening import open_studies

SEEDS = range(3)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """For each seed a table of labels drawn at random, and two models that know those that they learnt by heart."""
    made = []
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"place-{seed}")
        studies = random_table(folder, seed)
        table = open_studies(studies)
        cross_validated(table, folder / "cv")
        held_out(table, folder / "held-out")
        made.append(folder)
    return made


def run(*arguments) -> dict:
    done = CliRunner().invoke(app, [*map(str, arguments), "--device", "cpu", "--json"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout[done.stdout.index("{") :])


def is_chance(aurocs: list[float]) -> bool:
    """Whether a mean AUROC over seeds is that of guessing: one of 15 against 15 studies has a standard deviation of
    0.11, the mean of three seeds of two findings at most 0.08, and cross-validation of few studies leans below ½."""
    return abs(np.mean(aurocs) - 0.5) < 0.25


def mean_auroc(result: dict) -> float:
    return float(np.mean(result["macro_auroc"]))


RESAVED = {
    "as it was": lambda rows: rows,
    "extended": lambda rows: [
        *rows,
        {**rows[0], "study_id": "new", "image": "", "report": "New.", "patient_id": "new"},
    ],
    "renumbered": lambda rows: [r | {"study_id": f"x{i}"} for i, r in enumerate(reversed(rows))],
    "of other patients": lambda rows: [r | {"study_id": f"x{i}", "patient_id": f"x{i}"} for i, r in enumerate(rows)],
    "without patients": lambda rows: [{k: v for k, v in r.items() if k != "patient_id"} for r in rows],
    "relabelled": lambda rows: [r | {"label": FINDINGS[0]} if i < 4 else r for i, r in enumerate(rows)],
}


def everything(folder: Path, name: str, checkpoint: str = "cv") -> dict:
    return run("evaluate", "--checkpoint", folder / checkpoint, "--studies", folder / name, "--split", "all")


def test_labels_that_nothing_tells_of_are_guessed(places):
    found = [everything(folder, "studies.csv") for folder in places]
    assert {(r["n"], r["by_cross_validation"], r["left_out"]) for r in found} == {(30, 30, 0)}
    assert is_chance([mean_auroc(r) for r in found]), found


@pytest.mark.parametrize("how", RESAVED)
def test_a_table_saved_again_changes_nothing(places, how):
    folder = places[0]
    rewritten(folder / "studies.csv", "again.csv", RESAVED[how], "\r\n")
    result, own = everything(folder, "again.csv"), everything(folder, "studies.csv")
    assert (result["by_cross_validation"], result["left_out"]) == (30, 0)
    if how in ("extended", "relabelled"):  # one more study, or four other labels
        assert result["macro_auroc"] == pytest.approx(own["macro_auroc"], abs=0.15)
    else:
        assert (result["macro_auroc"], result["ece"]) == (own["macro_auroc"], own["ece"])


def test_the_model_itself_knows_them_by_heart(places):
    """What the figures above would be, were they measured on what the model learnt."""
    engine, table = Engine.load(places[0] / "cv", "cpu"), open_studies(places[0] / "studies.csv")
    known = evaluate(engine, encode_studies(engine, table.studies), table.studies)
    assert known.macro_auroc.min() > 0.9


def test_films_packed_anew_and_new_films_of_a_patient_are_known(places, tmp_path):
    folder = places[0]
    for path in folder.glob("film-*.png"):
        Image.open(path).save(tmp_path / f"{path.stem}.webp", lossless=True)
    with (folder / "studies.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [
        r | {"image": f"film-{i}.webp", "patient_id": f"x{i}", "study_id": f"x{i}"}
        if i < 10
        else r | {"image": "", "report": f"Another report, {i}."}
        for i, r in enumerate(rows)
    ]
    with (tmp_path / "studies.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    engine, table = Engine.load(folder / "cv", "cpu"), open_studies(tmp_path / "studies.csv")
    judged = predict_held_out(engine, table, table.studies)
    assert (judged.by_folds, judged.left_out) == (30, 0)
    # A patient's new study is judged by the fold that held the patient out, not by the model itself.
    alone = predict_held_out(
        Engine(engine.network, "", engine.device, provenance=Provenance.of(())), table, table.studies
    )
    assert np.abs(judged.scored.logits - alone.scored.logits).max(axis=(0, 2)).min() > 1e-3


def test_a_model_without_folds_is_not_measured_on_its_training_studies(places):
    folder = places[0]
    result = everything(folder, "studies.csv", "held-out")
    assert (result["n"], result["left_out"], result["by_cross_validation"]) == (20, 10, 0)
    with pytest.raises(BetaLensError, match="has learnt all 10 studies"):
        run("evaluate", "--checkpoint", folder / "held-out", "--studies", folder / "studies.csv", "--split", "train")


def test_what_chose_a_model_is_known_wherever_it_is_met_again(places, tmp_path):
    folder = places[0]
    engine, table = Engine.load(folder / "held-out", "cpu"), open_studies(folder / "studies.csv")
    provenance = engine.provenance.with_choice(contents_of(table.of_split("val")))
    with_files(folder / "held-out", {FILE: provenance.pack()}, tmp_path / "chosen")
    rewritten(folder / "studies.csv", "again.csv", RESAVED["renumbered"], "\r\n")
    asked = ("evaluate", "--checkpoint", tmp_path / "chosen", "--studies", folder / "again.csv", "--split", "all")
    done = CliRunner().invoke(app, [*map(str, asked), "--device", "cpu", "--json"])
    result = json.loads(done.stdout[done.stdout.index("{") :])
    assert (result["n"], result["left_out"], result["chose_the_model"]) == (20, 10, 10)
    assert "it was chosen on 10 of these 20 studies, which flatters its AUROC" in done.stderr
    chosen = Engine.load(tmp_path / "chosen", "cpu")
    assert predict_held_out(chosen, table, table.of_split("val")).chose.all()
    assert not predict_held_out(chosen, table, table.of_split("test")).chose.any()
    # Fine-tuning teaches other studies, and is chosen on the same.
    later = chosen.provenance.with_more(contents_of(table.of_split("test")))
    assert all(later.has_chosen(content) for content in contents_of(table.of_split("val")))


def test_models_are_compared_on_the_same_footing(places):
    found = {"cv": [], "held-out": []}
    for folder in places:
        rewritten(folder / "studies.csv", "again.csv", newline="\r\n")
        pair = [part for name in found for part in ("--checkpoint", folder / name)]
        result = run("compare", "--studies", folder / "again.csv", *pair)
        assert result["n"] == 10
        for model in result["models"]:
            found[model["name"]] += [model["auroc"][way]["value"] for way in ("image", "report", "fused")]
            assert ("cross-validation" in model["said"]) == (model["name"] == "cv")
    assert all(is_chance(values) for values in found.values()), found


def test_the_lab_measures_what_evaluate_measures(places):
    folder = places[0]
    table = rewritten(folder / "studies.csv", "again.csv", newline="\r\n")
    engine = Engine.load(folder / "cv", "cpu")
    *_, shown = BetaLabService(ServedModel(engine, table)).measure("all")
    assert (shown["out_of_fold"], shown["left_out"]) == (30, 0)
    own = everything(folder, "again.csv")
    start, *shape = shown["arrays"]["0.auroc"]
    floats = np.frombuffer(b64decode(shown["block"]), np.float32)
    values = floats[start : start + int(np.prod(shape))].reshape(shape)[0]
    assert values[[0, 5, 10, 15, 20]] == pytest.approx(own["macro_auroc"], abs=1e-3)


def test_the_lab_counts_among_the_studies_that_it_measures(places):
    folder = places[0]
    with (folder / "studies.csv").open(newline="") as file:
        rows = [row | {"discordant": int(i < 10)} for i, row in enumerate(csv.DictReader(file))]
    with (folder / "mixed.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    engine, mixed = Engine.load(folder / "cv", "cpu"), open_studies(folder / "mixed.csv")
    *_, shown = BetaLabService(ServedModel(engine, mixed)).measure("all")
    assert (shown["n"], shown["out_of_fold"], shown["left_out"], shown["chose"]) == (20, 20, 0, 0)


def test_explanations_are_tested_on_networks_that_have_not_seen_the_study(places):
    folder = places[0]
    asked = ("--split", "all", "--truth-only", "--cases", 4, "--report-method", "none", "--image-method", "gradcam")
    result = run("trust", "--checkpoint", folder / "cv", "--studies", folder / "studies.csv", *asked)
    assert (result["by_cross_validation"], result["left_out"]) == (30, 0)
    train = (*asked[:1], "train", *asked[2:])
    with pytest.raises(BetaLensError, match="has learnt all 10 studies"):
        run("trust", "--checkpoint", folder / "held-out", "--studies", folder / "studies.csv", *train)


def finetuned(folder: Path, models: Path, checkpoint: str, *more, studies: Path | None = None) -> dict:
    """Eight verdicts on training studies that only confirm the table, and what fine-tuning made of them."""
    studies = studies or folder
    table = open_studies(studies / "studies.csv")
    store = FeedbackStore(models.parent / "feedback")
    for study in table.of_split("train")[:8]:
        said = {"reviewer": "r", "beta": 0.5, "verdict": "disagree", "corrected_labels": tuple(sorted(study.labels))}
        shown = {"report": "x", "model_digest": "m", "probabilities": dict.fromkeys(FINDINGS, 0.4)}
        store.append(Flag.new(study_id=study.study_id, **shown, **said))
    named = ("--studies", studies / "studies.csv", "--feedback", models.parent / "feedback")
    return run("finetune", "--models", models, "--checkpoint", folder / checkpoint, "--passes", 5, *named, *more)


def test_fine_tuning_measures_before_and_after_out_of_fold(places, tmp_path):
    before, after, cards = [], [], []
    for seed, folder in enumerate(places[:2]):
        models = tmp_path / str(seed) / "models"
        result = finetuned(folder, models, "cv")
        rows = {row["name"]: row for row in result["rows"]}
        before.append(rows["auroc"]["before"])
        after.append(rows["auroc"]["after"])
        version = Versions(models).path(result["version"])
        kept = json.loads((version / "evaluation.json").read_text())
        cards.append(mean_auroc(kept))
        assert (kept["split"], kept["n"]) == ("out of fold", 30)
        again = rewritten(folder / "studies.csv", "again.csv", newline="\r\n")
        measured = everything(folder, "again.csv", version)
        assert (measured["by_cross_validation"], measured["left_out"]) == (len(again.studies), 0)
        assert measured["macro_auroc"] == kept["macro_auroc"]
        # Too few patients to tell, so that nothing is promoted unasked.
        assert not result["gate"]["decided"]
        assert result["gate"]["detectable"] > 0.05
        assert Versions(models).current() == "0001"
    assert is_chance(before)
    assert is_chance(after)
    assert is_chance(cards)


def test_a_version_knows_what_its_parent_learnt_and_what_it_learnt_itself(places, tmp_path):
    first, second = places[:2]
    versions = Versions(tmp_path / "models")
    result = finetuned(first, versions.folder, "held-out", "--force", studies=second)
    assert result["promoted"]
    engine = Engine.load(versions.path(result["version"]), "cpu")
    for folder in (first, second):
        table = open_studies(folder / "studies.csv")
        learnt = [bool(engine.provenance.rows(content)) for content in contents_of(table.studies)]
        assert learnt == [s.split == "train" for s in table.studies]


def test_an_earlier_checkpoint_is_measured_afterwards_and_stays_the_same_model(places, tmp_path):
    old, studies = tmp_path / "old", places[0] / "studies.csv"
    shutil.copytree(places[0] / "cv", old)
    manifest = json.loads((old / MANIFEST).read_text())
    del manifest["files"][FAMILIARITY]
    (old / MANIFEST).write_text(json.dumps(manifest))
    (old / FAMILIARITY).unlink()
    before, known = Engine.load(old, "cpu"), Engine.load(places[0] / "cv", "cpu").known
    assert before.known is None
    result = run("familiarity", "--checkpoint", old, "--studies", studies, "--keep")
    assert (result["held_out"], result["n"]) == ({"image": 30, "report": 30}, 30)
    after = Engine.load(old, "cpu")
    assert after.digest == before.digest
    for modality, own in known.modalities.items():  # vectors are kept in 16 bits
        np.testing.assert_allclose(after.known.modalities[modality].held_out, own.held_out, rtol=0.01)
    others = random_table(tmp_path, 99)
    rewritten(others, "others.csv", lambda rows: [r | {"patient_id": f"other {i}"} for i, r in enumerate(rows)])
    done = CliRunner().invoke(app, ["familiarity", "--checkpoint", str(old), "--studies", str(tmp_path / "others.csv")])
    assert "has learnt none of these studies" in str(done.exception)
