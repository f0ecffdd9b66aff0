"""The tests of what a reader has on the stage."""

import json

import numpy as np
import pytest

from dashboard.review.explanation_tests import ExplanationTests, of_methods
from dashboard.review.steps import Waiting
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from explain.trust.evaluate import TRUST_FORMAT, measure_explanations
from model.studies.table import load_film


@pytest.fixture
def examiner(engine, table) -> ExplanationTests:
    return ExplanationTests(ServedModel(engine, table))


def test_film_and_report_are_tested_one_after_the_other(examiner, reviewer, session):
    session.report_method = "contextual_cam"
    list(reviewer.open_study(session, "one", 0.5))
    first, second = (json.loads(v) for v in examiner.examine(session, session.request_id))
    assert "report" not in first
    assert first["image"] == second["image"]
    assert second["image"]["curves"].keys() == {"blur", "black", "grey"}
    assert second["image"]["figures"]["deletion"].keys() == {"passed", "of", "holds"}
    assert len(second["report"]["curves"]["left_out"]["deletion"]) == len(second["fractions"])
    assert second["report"]["method"] == "Contextual CAM"


def test_what_was_tested_while_a_reader_waited_is_not_tested_again(examiner, reviewer, session, monkeypatch):
    session.report_method = "contextual_cam"
    list(reviewer.open_study(session, "report-only", 0.5))
    (done,) = examiner.examine(session, session.request_id)
    known = dict(examiner._cache)
    examiner._cache.clear()
    with examiner.worker.queue.place(reader="who is ahead") as ahead:
        assert ahead(0) == 0
        running = examiner.examine(session, session.request_id)
        assert isinstance(next(running), Waiting)
        examiner._cache.update(known)  # what who is ahead had tested
    monkeypatch.setattr(examiner.worker, "do", None)
    assert [step for step in running if not isinstance(step, Waiting)] == [done]


def test_a_missing_modality_is_not_tested(examiner, reviewer, session):
    list(reviewer.open_study(session, "film-only", 0.5))
    (only,) = (json.loads(v) for v in examiner.examine(session, session.request_id))
    assert "report" not in only


def test_a_newer_request_ends_the_tests(examiner, reviewer, session):
    session.report_method = "contextual_cam"
    list(reviewer.open_study(session, "one", 0.5))
    running = examiner.examine(session, session.request_id)
    next(running)
    session.next_request()
    assert list(running) == []
    assert list(examiner.examine(session, session.request_id - 1)) == []


def test_nothing_open_is_nothing_to_test(examiner):
    assert list(examiner.examine(Session(beta=0.5), 0)) == []


def test_over_a_table_what_is_tested_is_each_true_positive_that_has_the_modality(engine, table):
    """Of four studies one lacks its film and one its report."""
    found = measure_explanations(
        engine, table, "test", {"image": ("gradcam",), "report": ("contextual_cam",)}, 0, truth_only=True
    )
    for modality, beta, name in (("image", 1.0, "gradcam"), ("report", 0.0, "contextual_cam")):
        expected = dict.fromkeys(engine.findings, 0)
        for study in table.studies:
            if study.image if modality == "image" else study.report:
                p = engine.probabilities(engine.encode(load_film(study), study.report), np.array([beta]))[0]
                for finding, probability in zip(engine.findings, p, strict=True):
                    expected[finding] += finding in study.labels and probability >= 0.5
        figures = found[modality][name]
        assert figures["n"] == sum(expected.values())
        assert {f: one["n"] for f, one in figures["per_finding"].items()} == {f: n for f, n in expected.items() if n}
        assert figures["coarse"]
        assert not {"deletion", "points_inside"} & figures.keys()  # not tested, not known


def test_methods_were_measured_only_if_it_was_this_model(examiner, tmp_path, monkeypatch):
    assert of_methods(examiner.engine) is None
    monkeypatch.setattr(examiner.engine, "folder", tmp_path)
    (tmp_path / "trust.json").write_text(json.dumps({"model": "another"}))
    assert of_methods(examiner.engine) is None
    own = {"form": TRUST_FORMAT, "model": examiner.engine.digest, "image": {}}
    for kept, known in (({**own, "form": 1}, None), (own, own)):
        (tmp_path / "trust.json").write_text(json.dumps(kept))
        assert of_methods(examiner.engine) == known
