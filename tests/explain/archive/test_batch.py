"""Many cases explained at once: what one case gets alone, whatever else is in its batch."""

import numpy as np
import pytest
import torch
from helpers import REPORT, random_film, small_network

from explain import INSTANT, evidence, evidence_at, interpolate, methods_of
from explain.archive.export import explain_case
from explain.archive.studies import explain_studies
from model.errors import ChoiceError
from model.inference.encoding import MODALITIES, Case
from model.inference.engine import Engine
from model.studies.table import Study

# From one word to many, with a film and without, and a film alone.
REPORTS = ("Normal.", REPORT, "", f"No mass. {REPORT}", "No effusion.")


@pytest.fixture(scope="module")
def cases(engine):
    films = [random_film(i, 200, 150 + 10 * i) if i != 3 else None for i in range(len(REPORTS))]
    batch = [Case.of(film, report, engine.config) for film, report in zip(films, REPORTS, strict=True)]
    return films, engine.encode_cases(batch)


@pytest.mark.parametrize(
    ("method", "finding"),
    [("integrated_gradients", None), ("contextual_cam", "Effusion")],
)
def test_a_batch_gives_what_the_command_for_one_case_writes(engine, cases, tmp_path, method, finding):
    films, batch = cases
    together = evidence_at(engine, batch, 0.4, finding, report=method)
    for i, found in enumerate(together):
        alone = explain_case(engine, films[i], REPORTS[i], 0.4, finding, tmp_path / str(i), report_method=method)
        assert (found.finding, pytest.approx(found.betas[0])) == (alone["finding"], alone["beta"])
        values = [found.logit[0], found.reference_logit[0], *found.contributions[0], found.interaction[0]]
        assert values == pytest.approx(
            [alone["logit"], alone["reference_logit"], *alone["contributions"].values(), alone["interaction"]], abs=1e-5
        )
        np.testing.assert_allclose(found.probabilities[0], list(alone["prediction"].values()), atol=1e-5)
        np.testing.assert_allclose(found.flips, alone["flips"], atol=1e-3)
        assert [w._asdict() for w in found.words] == [
            {k: w[k] for k in ("text", "start", "end")} for w in alone["words"]
        ]
        np.testing.assert_allclose(found.word_scores[0], [w["score"] for w in alone["words"]], atol=1e-5)
        assert found.report_error == pytest.approx(alone["completeness_error"]["report"], abs=1e-3)
        assert (found.cam is None) == (films[i] is None)


def test_a_batch_gives_what_the_page_shows_at_that_beta(engine, cases):
    films, batch = cases
    encoded = [engine.encode(film, report) for film, report in zip(films, REPORTS, strict=True)]
    shown = [evidence(engine, case, "Effusion") for case in encoded]
    for beta in (0.35, 1.0):
        together = evidence_at(engine, batch, beta, "Effusion")
        for case, expected, found in zip(encoded, shown, together, strict=True):
            assert found.betas == pytest.approx([engine.clamp_beta(case, beta)])
            probabilities = engine.probabilities(case, np.array([beta]))
            np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-5)
            assert found.flips == pytest.approx(expected.flips, abs=1e-3)
            contributions = interpolate(expected.contributions, beta)
            np.testing.assert_allclose(found.contributions[0], contributions, atol=1e-5)
            if "image" in case.modalities:
                np.testing.assert_allclose(found.cam[0], interpolate(expected.cam, beta), atol=1e-5)
            scores = interpolate(expected.word_scores, beta)
            assert np.linalg.norm(found.word_scores[0] - scores) <= 0.01 * np.linalg.norm(scores) + 1e-6


@pytest.mark.parametrize(("modality", "name"), [(m, name) for m in MODALITIES for name in methods_of(m)])
def test_every_method_explains_a_batch_as_it_explains_each_case(engine, cases, modality, name):
    batch = cases[1][1:4]  # both modalities, the film alone, the report alone
    chosen = INSTANT | {modality: name}
    for case, found in zip(batch, evidence_at(engine, batch, 0.4, "Effusion", **chosen), strict=True):
        (alone,) = evidence_at(engine, [case], 0.4, "Effusion", **chosen)
        assert (found.image_method, found.report_method) == tuple(
            chosen[m] if m in case.modalities else None for m in MODALITIES
        )
        for field in ("cam", "word_scores", "image_error", "report_error"):
            ours, its = getattr(found, field), getattr(alone, field)
            assert (ours is None) == (its is None)
            if ours is not None:
                np.testing.assert_allclose(ours, its, atol=1e-5 * max(1, np.abs(its).max(initial=0)))


def test_of_a_softmax_a_batch_explains_the_log_odds_that_the_page_does():
    network = small_network(image_weights="none", report_layers=0, problem_type="single_label_classification")
    engine = Engine(network, "one-of-three", torch.device("cpu"))
    film = random_film(1)
    batch = engine.encode_cases([Case.of(film, REPORT, engine.config), Case(None, None, REPORTS[-1])])
    together = evidence_at(engine, batch, 0.35, "Effusion", **INSTANT)
    for case, found in zip((engine.encode(film, REPORT), engine.encode(None, REPORTS[-1])), together, strict=True):
        p = float(found.probabilities[0, 1])
        assert found.logit[0] == pytest.approx(np.log(p / (1 - p)), abs=1e-5)
        expected = evidence(engine, case, "Effusion", **INSTANT)
        np.testing.assert_allclose(found.contributions[0], interpolate(expected.contributions, 0.35), atol=1e-5)
        np.testing.assert_allclose(found.word_scores[0], interpolate(expected.word_scores, 0.35), atol=1e-5)
        if "image" in case.modalities:
            np.testing.assert_allclose(found.cam[0], interpolate(expected.cam, 0.35), atol=1e-5)


def test_what_the_encoder_did_not_read_is_not_explained(engine):
    reports = (f"{REPORT} " * 16, REPORT)
    cut, whole = evidence_at(engine, engine.encode_cases([Case(None, None, r) for r in reports]), 0.5)
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
    assert rows[1].explained.betas == 0
    assert sorted(row.study.study_id for row in told) == ["bad", "empty", "good", "long"]


@pytest.mark.parametrize(
    "wrong", [{"beta": 2.0}, {"finding": "Fracture"}, {"report_method": "occlusion"}, {"image_method": "saliency"}]
)
def test_what_cannot_be_asked_is_refused(engine, wrong):
    with pytest.raises(ChoiceError):
        explain_studies(engine, [Study("1", None, REPORT, frozenset(), "p", "test")], **wrong)
