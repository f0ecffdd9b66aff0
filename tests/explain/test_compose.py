"""A model composed of a published classifier and of reports: each side says what it says alone, and β blends them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image
from publisher import publish_classifier

from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from explain.compose import CELL_SCALE, Composed, coded_findings, compose
from explain.every_beta.evidence import evidence_at
from explain.every_beta.heatmap import heatmap
from model.errors import WeightsError
from model.feedback import FeedbackStore
from model.inference.engine import Engine
from model.inputs import read_film
from model.studies.content import contents_of
from model.studies.demo.reports import Report, load_reports
from model.studies.opening import open_studies
from model.studies.splits import split_of
from model.studies.table import Study
from model.weights.fetch import add
from model.weights.torchxrayvision_table import read_table

NAME = "densenet121-res224-nih"
CPU = torch.device("cpu")
TRAINED, CHOOSING, MEASURED = 40, 2, 12  # reports; a coded one that chooses is explained, which takes seconds


def some_reports() -> tuple[Report, ...]:
    """Real ones, many of them with a large heart, and as many as a test has time for."""
    taken, most = {"train": [], "val": [], "test": []}, {"train": TRAINED, "val": CHOOSING, "test": MEASURED}
    for report in load_reports().values():
        own = taken[split_of(report.report_id)]
        wanted = report.findings == {"Cardiomegaly"} if len(own) % 2 else report.codes == ("normal",)
        if wanted and len(own) < most[split_of(report.report_id)]:
            own.append(report)
    return tuple(report for own in taken.values() for report in own)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> list[Path]:
    """Films that are higher than wide, wider than high, and of an odd side."""
    folder, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(0)
    paths = []
    for number, shape in enumerate(((300, 240), (240, 311), (224, 224))):
        pixels = np.kron(rng.integers(0, 256, (20, 20)), np.ones((16, 16)))[: shape[0], : shape[1]]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
        paths.append(folder / f"{number}.png")
    return paths


@pytest.fixture(scope="module")
def made(films, tmp_path_factory):
    """A composed model's folder, what was said of it, and what torchxrayvision itself makes of the films."""
    folder = tmp_path_factory.mktemp("composed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        add(NAME, publish_classifier(folder, NAME, *films))
        composed = compose(NAME, some_reports(), folder / "model", CPU)
    return folder / "model", composed, torch.load(folder / "probabilities.pt")


@pytest.fixture(scope="module")
def engine(made) -> Engine:
    return Engine.load(made[0], "cpu")


def probabilities(engine: Engine, film: Path | None, report: str, *betas: float) -> np.ndarray:
    encoded = engine.encode(read_film(film.read_bytes()) if film else None, report)
    return engine.probabilities(encoded, np.array(betas))


def test_by_the_image_alone_it_is_the_classifier_itself(engine, made, films):
    about = read_table(NAME)
    known = [i for i, finding in enumerate(about.findings) if finding]
    assert engine.findings == tuple(about.findings[i] for i in known)
    sides = set()
    for path, expected in zip(films, made[2], strict=True):
        expected = expected.numpy()[known]
        np.testing.assert_allclose(probabilities(engine, path, "", 1.0)[0], expected, atol=1e-5)
        np.testing.assert_allclose(probabilities(engine, path, "Clear lungs.", 1.0)[0], expected, atol=1e-5)
        sides |= set((expected > 0.5).tolist())
    assert sides == {True, False}  # both sides of the thresholds


def test_it_knows_which_reports_it_has_learnt_from_and_nothing_of_films(engine):
    known = engine.known.modalities["report"]
    assert len(known.held_out) == MEASURED
    assert "image" not in engine.known.modalities


def test_between_the_ends_log_odds_are_blended(engine, films):
    said = "The heart is enlarged."
    at_zero, between, at_one = engine.logits(
        engine.encode(read_film(films[0].read_bytes()), said), np.array([0, 0.3, 1])
    )
    torch.testing.assert_close(between, 0.7 * at_zero + 0.3 * at_one)
    alone = probabilities(engine, None, said, 0.5)[0]
    np.testing.assert_allclose(at_zero.sigmoid().numpy(), alone, atol=1e-6)


def test_reports_tell_what_they_are_coded_with_and_nothing_else(engine, made):
    composed: Composed = made[1]
    large = engine.finding_index("Cardiomegaly")
    for report in some_reports()[:10]:
        p = probabilities(engine, None, report.text, 0.0)[0]
        assert (p[large] > 0.5) == ("Cardiomegaly" in report.findings)
    assert composed.auroc["Cardiomegaly"] > 0.9
    assert "Cardiomegaly" not in composed.silent
    assert "Hernia" in composed.silent
    hernia = engine.finding_index("Hernia")
    for report in ("A large hiatal hernia.", "Clear lungs."):
        assert probabilities(engine, None, report, 0.0)[0, hernia] == pytest.approx(0.4)


def test_its_card_says_what_was_not_measured(made):
    card = (made[0] / "MODEL_CARD.md").read_text("utf-8")
    assert "On films: nothing." in card
    assert f"{TRAINED} reports" in card
    assert "Hernia" in card.partition("Too few reports are coded with")[2].partition(".")[0]
    assert "not for\ndiagnosis" in card


def test_reports_that_it_has_learnt_are_known_again(engine):
    studies = [Study(r.report_id, None, "New words.", frozenset(), r.report_id, "") for r in some_reports()]
    for study, content in zip(studies, contents_of(studies), strict=True):
        assert bool(engine.provenance.rows(content)) == (split_of(study.study_id) == "train")
        assert engine.provenance.has_chosen(content) == (split_of(study.study_id) == "val")


def test_its_evidence_lies_on_the_part_of_the_film_that_it_saw(engine, films):
    film = read_film(films[0].read_bytes())
    encoded = engine.encode(film, "The heart is enlarged.")
    found = evidence_at(engine, [encoded], 1.0, "Cardiomegaly", report="contextual_cam")[0]
    assert float(engine.network.cell_scale) == CELL_SCALE
    heat = heatmap(np.ones_like(found.cam[0]), encoded.box, *film.pixels.shape)
    assert heat[30:270].min() == pytest.approx(1)
    assert heat[:30].max() == heat[270:].max() == 0


def test_codes_name_the_findings_of_the_classifiers():
    def named(*codes: str) -> set[str]:
        return set(coded_findings(Report("CXR0", "x", codes)))

    assert named("Hernia, Hiatal/large") == {"Hernia"}
    assert named("Thickening/pleura/apex/left") == {"Pleural_Thickening"}
    assert named("Thickening/bronchovascular") == set()
    assert named("Infiltrate/lung/base/left") == {"Infiltration", "Lung Opacity"}
    assert named("Mass/lung/lingula", "Fractures, Bone/ribs") == {"Mass", "Nodule", "Fracture"}


def test_the_api_answers_with_it(engine, films, made, tmp_path):
    table = films[1].with_name("studies.csv")
    table.write_text(f"study_id,image,report,label\none,{films[1].name},The heart is enlarged.,Cardiomegaly\n")
    serving = ModelRegistry(engine, open_studies(table))
    app = make_app(serving, FeedbackStore(tmp_path / "flags"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/api/v1/predict", json={"study_id": "one", "betas": [1.0]})
    assert answer.status_code == 200, answer.text
    about = read_table(NAME)
    for finding, expected in zip(about.findings, made[2][1].tolist(), strict=True):
        if finding:
            assert answer.json()["predictions"][0]["probabilities"][finding] == pytest.approx(expected, abs=1e-5)


def test_a_classifier_that_was_not_fetched_is_named_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=f"betalens weights fetch {NAME}"):
        compose(NAME, (), tmp_path / "model", CPU)
