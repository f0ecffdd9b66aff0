"""A case is changed, compared with itself, and taken back."""

import base64
import json

import numpy as np
import pytest
from helpers import random_film
from packed import unpack
from sending import png, sent

from dashboard.cases.masks import SIDE
from dashboard.review.service import MOST_CHANGES, Refused
from dashboard.review.verdicts import VerdictService
from model.errors import FeedbackError
from model.feedback import FeedbackStore

FORM = {"verdict": "agree", "wrong_evidence": "neither", "corrected_labels": [], "comment": "", "reviewer": ""}


def painted(rows: slice = slice(40, 80)) -> str:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[rows, 40:80] = True
    return base64.b64encode(np.packbits(mask).tobytes()).decode()


def last(steps) -> tuple[dict, dict]:
    """The header of the last step, and its arrays."""
    *_, step = steps
    return unpack(step.stage)


@pytest.fixture
def opened(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    return session


@pytest.fixture
def uploaded(reviewer, session):
    list(reviewer.open_film(session, sent(png(random_film(5))), "", 0.5))
    return session


def test_an_edited_report_is_compared_with_the_one_before(reviewer, opened):
    before = reviewer.predict_at(opened, 0.4)["probabilities"]
    header, arrays = last(reviewer.analyse(opened, "No effusion.", 0.5))
    assert header["changes"] == [{"kind": "report", "study_id": ""}]
    original, of_original = unpack(json.dumps(header["original"]))
    np.testing.assert_allclose(of_original["curve"][40], before, atol=1e-6)
    np.testing.assert_allclose(arrays["curve"][40], reviewer.predict_at(opened, 0.4)["probabilities"], atol=1e-6)
    assert original["finding"] == header["finding"]
    assert original["methods"] == header["methods"]
    assert "".join(text for text, _, _ in header["segments"]) == "No effusion."


def test_an_erased_region_is_another_film_with_the_same_report(reviewer, opened):
    film, report = opened.opened.film, opened.opened.report
    header, arrays = last(reviewer.erase(opened, painted()))
    assert header["film"] != header["original"]["film"]
    assert opened.opened.film.sha256 != film.sha256
    assert opened.opened.report == report
    _, of_original = unpack(json.dumps(header["original"]))
    assert not np.allclose(arrays["curve"][100], of_original["curve"][100], atol=1e-5)
    np.testing.assert_allclose(arrays["curve"][0], of_original["curve"][0], atol=1e-6)  # β = 0 sees no film


def test_a_case_takes_the_report_of_another(reviewer, opened):
    header, _ = last(reviewer.take_report(opened, "two"))
    assert header["case"] == "one"
    assert opened.opened.report == "The lungs are clear."
    assert header["changes"] == [{"kind": "swap", "study_id": "two"}]


def test_changes_stack_and_are_taken_back_one_by_one(reviewer, opened):
    list(reviewer.erase(opened, painted()))
    list(reviewer.take_report(opened, "two"))
    list(reviewer.erase(opened, painted(slice(90, 100))))
    assert [change.kind for change in opened.opened.changes] == ["erase", "swap", "erase"]
    for left in (2, 1):
        header, _ = last(reviewer.undo(opened))
        assert len(header["changes"]) == left
        assert header["original"]
    header, _ = last(reviewer.undo(opened))
    assert header["changes"] == []
    assert header["original"] is None
    assert list(reviewer.undo(opened)) == []


def test_all_changes_are_taken_back_at_once(reviewer, opened):
    film = opened.opened.film
    list(reviewer.erase(opened, painted()))
    list(reviewer.take_report(opened, "two"))
    header, _ = last(reviewer.undo(opened, all_of_them=True))
    assert header["original"] is None
    assert opened.opened.film is film


def test_another_case_ends_the_comparison(reviewer, opened):
    list(reviewer.erase(opened, painted()))
    header, _ = last(reviewer.open_study(opened, "two", 0.5))
    assert header["original"] is None
    assert opened.original is None


def test_another_finding_is_explained_before_and_after(reviewer, opened):
    list(reviewer.erase(opened, painted()))
    header, _ = last(reviewer.explain(opened, "Pneumothorax"))
    assert header["finding"] == header["original"]["finding"] == "Pneumothorax"


def test_no_verdict_on_a_changed_case(reviewer, opened, tmp_path):
    judge = VerdictService(reviewer.engine, FeedbackStore(tmp_path))
    list(reviewer.analyse(opened, "No effusion.", 0.5))
    with pytest.raises(FeedbackError, match="undo the changes first"):
        judge.keep(opened, 0.5, FORM)
    list(reviewer.undo(opened))
    assert judge.keep(opened, 0.5, FORM)


def test_the_first_report_of_an_uploaded_film_is_no_change(reviewer, uploaded, tmp_path):
    session = uploaded
    header, _ = last(reviewer.analyse(session, "A large effusion.", 0.5))
    assert header["modalities"] == ["image", "report"]
    assert header["changes"] == []
    assert VerdictService(reviewer.engine, FeedbackStore(tmp_path)).keep(session, 0.5, FORM)
    header, _ = last(reviewer.analyse(session, "No effusion.", 0.5))
    assert [change["kind"] for change in header["changes"]] == ["report"]


def test_an_uploaded_film_keeps_what_was_erased_of_it(reviewer, uploaded):
    session = uploaded
    list(reviewer.erase(session, painted()))
    erased = session.opened.film
    header, _ = last(reviewer.analyse(session, "A large effusion.", 0.5))
    assert session.opened.film is erased
    assert len(header["changes"]) == 2


@pytest.mark.parametrize("mask", [None, "", "junk", painted(slice(0, 0)), {"a": 1}])
def test_a_bad_mask_is_refused_in_one_sentence(reviewer, opened, mask):
    (refused,) = reviewer.erase(opened, mask)
    assert isinstance(refused, Refused)
    assert refused.key == "error.erase"
    assert refused.detail.count(".") == 1
    assert opened.original is None


def test_a_study_without_a_report_has_none_to_give(reviewer, opened):
    (refused,) = reviewer.take_report(opened, "film-only")
    assert refused.key == "error.no_report"
    (refused,) = reviewer.take_report(opened, "no such study")
    assert refused.key == "error.other"
    assert opened.original is None


def test_the_stack_has_an_end(reviewer, opened):
    for number in range(MOST_CHANGES):
        list(reviewer.analyse(opened, f"Effusion {number}.", 0.5))
    (refused,) = reviewer.analyse(opened, "One more.", 0.5)
    assert refused.key == "error.changes"
    assert len(opened.opened.changes) == MOST_CHANGES


def test_a_change_that_is_superseded_is_not_made(reviewer, opened, monkeypatch):
    encode = reviewer.engine.encode

    def meanwhile(film, report):
        opened.next_request()
        return encode(film, report)

    monkeypatch.setattr(reviewer.engine, "encode", meanwhile)
    assert list(reviewer.take_report(opened, "two")) == []
    assert opened.original is None


def test_nothing_is_changed_where_no_case_is_open(reviewer, session):
    assert list(reviewer.erase(session, painted())) == []
    assert list(reviewer.take_report(session, "two")) == []
    assert list(reviewer.undo(session)) == []
