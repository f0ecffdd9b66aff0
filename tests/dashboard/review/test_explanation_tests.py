"""The tests of what a reader has on the stage."""

import json

import pytest

from dashboard.aside import Aside
from dashboard.session import Session
from dashboard.trusting import Examiner, of_methods


@pytest.fixture
def examiner(engine, table) -> Examiner:
    return Examiner(engine, table, Aside())


def test_film_and_report_are_tested_one_after_the_other(examiner, reviewer, session):
    session.report_method = "contextual_cam"
    list(reviewer.open_study(session, "one", 0.5))
    first, second = (json.loads(v) for v in examiner.examine(session, session.ticket))
    assert "report" not in first
    assert first["image"] == second["image"]
    assert len(second["report"]["curves"]["deletion"]) == len(second["fractions"])
    assert second["report"]["method"] == "Contextual CAM"


def test_a_missing_modality_is_not_tested(examiner, reviewer, session):
    list(reviewer.open_study(session, "film-only", 0.5))
    (only,) = (json.loads(v) for v in examiner.examine(session, session.ticket))
    assert "report" not in only


def test_a_newer_request_ends_the_tests(examiner, reviewer, session):
    session.report_method = "contextual_cam"
    list(reviewer.open_study(session, "one", 0.5))
    running = examiner.examine(session, session.ticket)
    next(running)
    session.next_ticket()
    assert list(running) == []
    assert list(examiner.examine(session, session.ticket - 1)) == []


def test_nothing_open_is_nothing_to_test(examiner):
    assert list(examiner.examine(Session(beta=0.5), 0)) == []


def test_methods_were_measured_only_if_it_was_this_model(examiner, tmp_path, monkeypatch):
    assert of_methods(examiner.engine) is None
    monkeypatch.setattr(examiner.engine, "folder", tmp_path)
    (tmp_path / "trust.json").write_text(json.dumps({"model": "another"}))
    assert of_methods(examiner.engine) is None
    (tmp_path / "trust.json").write_text(json.dumps({"model": examiner.engine.digest, "image": {}}))
    assert of_methods(examiner.engine) == {"model": examiner.engine.digest, "image": {}}
