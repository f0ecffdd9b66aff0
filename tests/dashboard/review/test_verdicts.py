"""Verdicts: what is kept of what the page sends, blind mode, marks, and taking back."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import random_film, unlike_films
from packed import unpack
from sending import png, sent

from dashboard.review.explanation_tests import ExplanationTests
from dashboard.review.verdict_form import VerdictForm
from dashboard.review.verdicts import VerdictService
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.served import ServedModel
from explain.methods.words import split_words
from model.config import SINGLE_LABEL
from model.errors import FeedbackError
from model.feedback import FeedbackStore, standing

FORM = {
    "verdict": "disagree",
    "wrong_evidence": "neither",
    "corrected_labels": ["Effusion"],
    "comment": "=1+1",
    "reviewer": "r",
}
HERE = {"finding_boxes": [["Effusion", 0.1, 0.2, 0.3, 0.4]]}


@pytest.fixture
def opened(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    return session


@pytest.fixture
def blinded(reviewer, session):
    session.blind = True
    list(reviewer.open_study(session, "one", 0.5))
    return session


@pytest.fixture
def judge(engine, tmp_path) -> VerdictService:
    return VerdictService(engine, FeedbackStore(tmp_path))


def test_a_verdict_holds_what_the_server_computed(reviewer, judge, opened):
    forged = FORM | {"probabilities": {"Effusion": 1.0}, "study_id": "forged", "model_digest": "forged", "blind": True}
    saved = judge.keep(opened, 0.25, forged)
    (flag,) = judge.store.rows()
    assert flag == saved
    assert (flag.study_id, flag.model_digest, flag.beta, flag.blind) == ("one", reviewer.engine.digest, 0.25, False)
    answer = reviewer.predict_at(opened, 0.25)["probabilities"]
    np.testing.assert_allclose(list(flag.probabilities.values()), answer, atol=1e-6)
    assert (flag.comment, flag.corrected_labels) == ("=1+1", ("Effusion",))


def test_an_uploaded_film_is_kept_with_its_verdict_until_it_is_purged(reviewer, judge, session):
    next(reviewer.open_film(session, sent(png(random_film(5))), "", 0.5))
    flag = judge.keep(session, 0.5, FORM)
    assert flag.image_name == session.opened.case_id == f"film-{flag.image_sha256[:12]}"
    np.testing.assert_allclose(judge.store.film(flag.image_sha256).pixels, session.opened.film.pixels, atol=1e-5)
    assert judge.store.take_out(session.opened.case_id).rows == 1
    assert judge.store.film(flag.image_sha256) is None


def test_what_was_changed_after_a_save_of_unknown_outcome_is_said_and_then_saved(judge, opened):
    """The database may have saved it before the connection ended: the page says that it was not."""
    number = opened.flag_id
    first = judge.keep(opened, 0.25, FORM)
    opened.flag_id = number
    with pytest.raises(FeedbackError, match="other content has its id"):
        judge.keep(opened, 0.25, FORM | {"comment": "on second thoughts"})
    second = judge.keep(opened, 0.25, FORM | {"comment": "on second thoughts"})
    assert [flag.comment for flag in judge.store.rows()] == ["=1+1", "on second thoughts"]
    assert second.flag_id != first.flag_id == number


def test_two_verdicts_on_one_case_are_two_rows(judge, opened):
    for beta in (0.2, 0.8):
        judge.keep(opened, beta, FORM)
    assert [flag.beta for flag in judge.store.rows()] == [0.2, 0.8]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"verdict": "maybe"}, "verdict must be one of"),
        ({"verdict": "findings"}, "verdict must be one of"),
        ({"verdict": "undo"}, "undo"),
        ({"corrected_labels": ["Gout"]}, "findings that the model knows"),
        ({"corrected_labels": "Effusion"}, "findings that the model knows"),
        ({"wrong_evidence": "both sides"}, "wrong evidence must be one of"),
        ({"wrong_regions": [[0, 0, 1]]}, "marks on the film"),
        ({"wrong_regions": [[0.5, 0.5, float("nan"), 0.1]]}, "marks on the film"),
        ({"wrong_regions": [[1.2, 0.5, 0.1, 0.1]]}, "marks on the film"),
        ({"wrong_regions": [[0, 0, 0.5, 0.5]] * 21}, "marks on the film"),
        ({"wrong_regions": 7}, "marks on the film"),
        ({"wrong_words": [99]}, "marks on the report"),
        ({"wrong_words": [-1]}, "marks on the report"),
        ({"wrong_words": ["0"]}, "marks on the report"),
        ({"finding_boxes": [["Gout", 0, 0, 1, 1]]}, "name one that the model knows"),
        ({"finding_boxes": [[["Effusion"], 0, 0, 1, 1]]}, "name one that the model knows"),
        ({"finding_boxes": [7]}, "name one that the model knows"),
        ({"finding_boxes": [["Effusion", 0, 0, 1]]}, "marks on the film"),
        ({"finding_boxes": [["Effusion", 0, 0, 0.5, 0.5]] * 21}, "marks on the film"),
        ({"case": "two"}, "Another case was opened"),
    ],
)
def test_what_cannot_be_believed_is_refused_and_nothing_is_saved(judge, opened, wrong, sentence):
    with pytest.raises(FeedbackError, match=sentence):
        judge.keep(opened, 0.5, FORM | wrong)
    assert judge.store.rows() == []


def test_no_verdict_without_a_case(judge, session):
    with pytest.raises(FeedbackError, match="No case is open"):
        judge.keep(session, 0.5, FORM)


def test_marks_are_kept_as_places_in_film_and_report(judge, opened):
    words = split_words(opened.opened.report, opened.opened.encoded.read_to)
    place = [w.text for w in words].index("effusion")
    judge.keep(opened, 0.5, FORM | {"wrong_regions": [[0.5, 0.25, 0.7, 0.5]], "wrong_words": [place, 0, place]})
    (flag,) = judge.store.rows()
    assert flag.wrong_regions == ((0.5, 0.25, 0.5, 0.5),)  # cut to the film
    assert [flag.report[start:end] for start, end in flag.wrong_words] == ["The", "effusion"]
    assert flag.wrong_evidence == "both"


def test_a_box_says_where_a_finding_is_and_differs_without_more(judge, opened):
    decided = judge.decided(opened.opened, 0.5)
    said = FORM | {"corrected_labels": decided, "comment": "", "finding_boxes": [["Effusion", 0.5, 0.25, 0.7, 0.5]]}
    flag = judge.keep(opened, 0.5, said)
    assert judge.store.rows() == [flag]
    assert flag.finding_boxes == (("Effusion", 0.5, 0.25, 0.5, 0.5),)  # cut to the film
    assert (flag.wrong_regions, flag.wrong_evidence) == ((), "neither")


def test_agreeing_keeps_marks_and_no_correction(judge, opened):
    flag = judge.keep(opened, 0.5, FORM | {"verdict": "agree", "wrong_words": [1]})
    assert (flag.corrected_labels, flag.wrong_evidence) == ((), "text")


def test_a_login_names_the_reviewer_whatever_the_form_says(judge, opened):
    assert judge.keep(opened, 0.5, FORM, login="dr.house").reviewer == "dr.house"


def test_a_name_is_typed_once(judge, opened):
    judge.keep(opened, 0.5, FORM | {"reviewer": "  Dr A "})
    assert judge.keep(opened, 0.5, FORM | {"reviewer": ""}).reviewer == "Dr A"


def test_undo_adds_a_row_and_changes_none(judge, opened):
    first, second = judge.keep(opened, 0.2, FORM), judge.keep(opened, 0.8, FORM)
    before = judge.store.path.read_bytes()
    assert judge.undo(opened) == second
    assert judge.store.path.read_bytes().startswith(before)
    *_, row = judge.store.rows()
    assert (row.verdict, row.undoes, row.reviewer, row.report) == ("undo", second.flag_id, "r", "")
    assert standing(judge.store.rows()) == [first]
    judge.undo(opened)
    with pytest.raises(FeedbackError, match="no verdict of this page"):
        judge.undo(opened)
    assert len(pd.read_csv(judge.store.path)) == 4


def test_nothing_of_the_model_leaves_the_server_while_a_case_is_veiled(engine, table, reviewer, blinded):
    (step,) = reviewer.open_study(blinded, "one", 0.5)
    sent = json.loads(step.stage)
    assert sent["tier"] == "veiled"
    assert sent["film"].startswith("data:image/jpeg;base64,")
    assert "".join(text for text, *_ in sent["segments"]) == blinded.opened.report
    model = {"curve", "discordance", "flips", "labels", "discordant", "completeness", "nodes"}
    assert not model & sent.keys()
    assert (sent["arrays"], sent["block"], sent["truth"], sent["finding"]) == ({}, "", None, "")
    assert reviewer.predict_at(blinded, 0.5) is None
    assert list(ExplanationTests(ServedModel(engine, table)).examine(blinded, blinded.request_id)) == []
    for steps in (reviewer.explain(blinded, "Effusion"), reviewer.choose_method(blinded, "image", "layercam")):
        assert [json.loads(s.stage)["tier"] for s in steps] == ["veiled"]
    (refused,) = reviewer.analyse(blinded, "Another report.", 0.5)
    assert refused.key == "error.veiled"


def test_a_blind_verdict_names_findings_and_is_compared_here(reviewer, judge, blinded):
    decided = judge.decided(blinded.opened, 0.5)
    flag = judge.keep(
        blinded, 0.5, {"verdict": "findings", "corrected_labels": decided, "wrong_regions": [[0, 0, 1, 1]]}
    )
    assert (flag.verdict, flag.blind, flag.corrected_labels, flag.wrong_regions) == ("agree", True, (), ())
    *_, shown = reviewer.reveal(blinded)
    assert unpack(shown.stage)[0]["tier"] == "exact"


def test_a_blind_verdict_that_differs_is_a_disagreement(engine, judge, blinded):
    other = [name for name in engine.findings if name not in judge.decided(blinded.opened, 0.5)]
    flag = judge.keep(blinded, 0.5, {"verdict": "findings", "corrected_labels": other})
    assert (flag.verdict, flag.blind, flag.corrected_labels) == ("disagree", True, tuple(other))


def test_who_cannot_see_the_answer_cannot_agree_with_it(judge, blinded):
    with pytest.raises(FeedbackError, match="hidden"):
        judge.keep(blinded, 0.5, FORM | {"verdict": "agree"})


def test_an_answer_that_was_seen_is_not_judged_blind(reviewer, judge, opened):
    (step,) = reviewer.go_blind(opened, True)
    assert json.loads(step.stage)["seen"] is True
    assert judge.keep(opened, 0.5, {"verdict": "findings", "corrected_labels": []}).blind is False
    list(reviewer.open_study(opened, "two", 0.5))
    assert judge.keep(opened, 0.5, {"verdict": "unsure"}).blind is True


def test_leaving_blind_mode_shows_the_answer(reviewer, judge, blinded):
    *_, step = reviewer.go_blind(blinded, False)
    assert unpack(step.stage)[0]["tier"] == "exact"
    assert judge.keep(blinded, 0.5, FORM).blind is False


def test_a_case_opens_as_it_was_reviewed(reviewer, judge, opened):
    flag = judge.keep(opened, 0.25, FORM | {"wrong_regions": [[0.1, 0.2, 0.3, 0.4]], "wrong_words": [2]} | HERE)
    *_, step = reviewer.open_study(opened, "one", flag.beta, recorded=flag)
    recorded = json.loads(step.stage)["recorded"]
    assert recorded["finding_boxes"] == HERE["finding_boxes"]
    assert (recorded["regions"], recorded["words"]) == ([[0.1, 0.2, 0.3, 0.4]], [2])
    assert (recorded["verdict"], recorded["beta"], recorded["same_model"]) == ("disagree", 0.25, True)
    *_, step = reviewer.open_study(opened, "one", 0.5)
    assert json.loads(step.stage)["recorded"] is None


def test_a_model_that_decides_on_one_finding_is_corrected_to_one(engine, judge, opened):
    judge.problem_type = SINGLE_LABEL
    with pytest.raises(FeedbackError, match="one finding"):
        judge.keep(opened, 0.5, FORM | {"corrected_labels": ["Effusion", "Cardiomegaly"]})
    assert len(judge.decided(opened.opened, 0.5)) == 1


def test_the_form_tells_nothing_of_the_answer_while_it_is_veiled(engine, table, reviewer, judge, blinded):
    form = VerdictForm(SimpleNamespace(engine=engine, feedback=judge.store, serving=ModelRegistry(engine, table)))
    told = json.loads(form.fresh(blinded))
    assert told["veiled"]
    assert "labels" not in told["outcome"]
    list(reviewer.reveal(blinded))
    assert json.loads(form.fresh(blinded))["outcome"]["labels"] == judge.decided(blinded.opened, blinded.beta)


def test_a_blind_verdict_keeps_how_like_the_case_was_and_the_stage_does_not_tell(reviewer, judge, session, monkeypatch):
    monkeypatch.setattr(reviewer.engine, "known", unlike_films(reviewer.engine))
    session.blind, session.revealed = True, False
    *_, last = reviewer.open_study(session, "one", 0.5)
    assert "cannot_tell" not in last.stage
    assert "in_distribution" not in last.stage
    flag = judge.keep(session, 0.5, {"verdict": "unsure"})
    assert flag.blind
    assert flag.in_distribution == {"image": 0.016393, "report": 1.0}
