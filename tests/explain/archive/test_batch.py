"""Many cases explained at once: what one case gets alone, whatever else is in its batch."""

import numpy as np
import pytest
import torch
from helpers import REPORT, random_film, small_network

from explain import INSTANT, evidence, interpolate
from explain.archive.batch import Case, explain_cases, explain_studies
from explain.archive.export import explain_case
from model.errors import ChoiceError
from model.inference.engine import Engine
from model.network.preprocess import fit_film
from model.studies.table import Study

# From one word to many, with a film and without, and a film alone.
REPORTS = ("Normal.", REPORT, "", f"No mass. {REPORT}", "No effusion.")


@pytest.fixture(scope="module")
def cases(engine):
    films = [random_film(i, 200, 150 + 10 * i) if i != 3 else None for i in range(len(REPORTS))]
    squares = [(None, None) if f is None else fit_film(f.pixels, engine.config.image_size) for f in films]
    return films, [Case(*square, report) for square, report in zip(squares, REPORTS, strict=True)]


@pytest.mark.parametrize(
    ("method", "finding"),
    [("integrated_gradients", None), ("contextual_cam", "Effusion")],
)
def test_a_batch_gives_what_the_command_for_one_case_writes(engine, cases, tmp_path, method, finding):
    films, batch = cases
    together = explain_cases(engine, batch, 0.4, finding, method)
    for i, found in enumerate(together):
        alone = explain_case(engine, films[i], REPORTS[i], 0.4, finding, tmp_path / str(i), method)
        assert (found.finding, found.beta) == (alone["finding"], alone["beta"])
        assert [found.logit, found.reference_logit, found.image, found.report, found.interaction] == pytest.approx(
            [alone["logit"], alone["reference_logit"], *alone["contributions"].values(), alone["interaction"]], abs=1e-5
        )
        np.testing.assert_allclose(found.probabilities, list(alone["prediction"].values()), atol=1e-5)
        np.testing.assert_allclose(found.flips, alone["flips"], atol=1e-3)
        assert [w._asdict() for w in found.words] == [
            {k: w[k] for k in ("text", "start", "end")} for w in alone["words"]
        ]
        np.testing.assert_allclose(found.word_scores, [w["score"] for w in alone["words"]], atol=1e-5)
        assert found.report_error == pytest.approx(alone["completeness_error"]["report"], abs=1e-3)
        assert (found.cam is None) == (films[i] is None)


def test_a_batch_gives_what_the_page_shows_at_that_beta(engine, cases):
    films, batch = cases
    encoded = [engine.encode(film, report) for film, report in zip(films, REPORTS, strict=True)]
    shown = [evidence(engine, case, "Effusion") for case in encoded]
    for beta in (0.35, 1.0):
        together = explain_cases(engine, batch, beta, "Effusion", "integrated_gradients")
        for case, expected, found in zip(encoded, shown, together, strict=True):
            assert found.beta == engine.clamp_beta(case, beta)
            probabilities = engine.probabilities(case, np.array([beta]))[0]
            np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-5)
            assert found.flips == pytest.approx(expected.flips, abs=1e-3)
            contributions = interpolate(expected.contributions, beta)
            np.testing.assert_allclose([found.image, found.report], contributions, atol=1e-5)
            if "image" in case.modalities:
                np.testing.assert_allclose(found.cam, interpolate(expected.cam, beta), atol=1e-5)
            scores = interpolate(expected.word_scores, beta)
            assert np.linalg.norm(found.word_scores - scores) <= 0.01 * np.linalg.norm(scores) + 1e-6


def test_of_a_softmax_a_batch_explains_the_log_odds_that_the_page_does():
    network = small_network(image_weights="none", report_layers=0, problem_type="single_label_classification")
    engine = Engine(network, "one-of-three", torch.device("cpu"))
    film = random_film(1)
    batch = [Case(*fit_film(film.pixels, engine.config.image_size), REPORT), Case(None, None, REPORTS[-1])]
    together = explain_cases(engine, batch, 0.35, "Effusion", "contextual_cam")
    for case, found in zip((engine.encode(film, REPORT), engine.encode(None, REPORTS[-1])), together, strict=True):
        p = float(found.probabilities[1])
        assert found.logit == pytest.approx(np.log(p / (1 - p)), abs=1e-5)
        expected = evidence(engine, case, "Effusion", **INSTANT)
        contributions = interpolate(expected.contributions, 0.35)
        np.testing.assert_allclose([found.image, found.report], contributions, atol=1e-5)
        np.testing.assert_allclose(found.word_scores, interpolate(expected.word_scores, 0.35), atol=1e-5)
        if "image" in case.modalities:
            np.testing.assert_allclose(found.cam, interpolate(expected.cam, 0.35), atol=1e-5)


def test_what_the_encoder_did_not_read_is_not_explained(engine):
    reports = (f"{REPORT} " * 16, REPORT)
    cut, whole = explain_cases(engine, [Case(None, None, r) for r in reports], 0.5, None, "contextual_cam")
    assert cut.read_to < len(reports[0])
    assert cut.words[-1].start < cut.read_to
    assert whole.read_to == len(REPORT)


def test_a_study_that_cannot_be_read_has_its_error_and_the_rest_goes_on(engine, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture, and a secret")
    studies = [
        Study("bad", tmp_path / "bad.png", REPORT, frozenset(), "p", "test", line=7),
        Study("good", None, REPORT, frozenset(), "p", "test", line=8),
        Study("long", None, "word " * 5000, frozenset(), "p", "test", line=9),
        Study("empty", None, " ", frozenset(), "p", "test", line=10),
    ]
    told = []
    rows = explain_studies(engine, studies, report_method="contextual_cam", done=told.extend)
    assert [row.study.study_id for row in rows] == ["bad", "good", "long", "empty"]
    assert [bool(row.explained) for row in rows] == [False, True, False, False]
    assert "Line 7" in rows[0].error
    assert "secret" not in rows[0].error
    assert "Line 9" in rows[2].error
    assert rows[1].explained.beta == 0
    assert sorted(row.study.study_id for row in told) == ["bad", "empty", "good", "long"]


@pytest.mark.parametrize("wrong", [{"beta": 2.0}, {"finding": "Fracture"}, {"report_method": "occlusion"}])
def test_what_cannot_be_asked_is_refused(engine, wrong):
    with pytest.raises(ChoiceError):
        explain_studies(engine, [Study("1", None, REPORT, frozenset(), "p", "test")], **wrong)
