"""What the Feedback tab shows: filters, disagreements first, and a verdict as it was given."""

import hashlib
from types import SimpleNamespace

import pytest
from helpers import random_film

from dashboard.feedback.log import NEWEST, FeedbackLog, Filters, marked
from dashboard.review.reader_cases import judged_by
from dashboard.review.verdicts import VerdictService
from dashboard.serving.session import Session
from model.errors import FeedbackError
from model.feedback import FeedbackStore

AGREE, DISAGREE, UNSURE = ({"verdict": v, "corrected_labels": []} for v in ("agree", "disagree", "unsure"))


@pytest.fixture
def log(reviewer, table, tmp_path) -> FeedbackLog:
    """Two reviewers who differ on "one", one who agrees on "two" and takes a verdict on "film-only" back."""
    store = FeedbackStore(tmp_path)
    judge = VerdictService(reviewer.engine, store)
    for name, verdicts in {
        "Dr A": {"one": AGREE, "two": AGREE},
        "Dr B": {"one": DISAGREE, "film-only": UNSURE},
    }.items():
        session = Session(beta=0.5)
        for study, form in verdicts.items():
            list(reviewer.open_study(session, study, 0.5))
            other = [f for f in reviewer.engine.findings if f not in judge.decided(session.opened, 0.5)]
            labels = {"corrected_labels": other} if form is DISAGREE else {}
            judge.keep(session, 0.5, form | labels | {"reviewer": name, "comment": f"of {study}"})
    judge.undo(session)
    return FeedbackLog(reviewer.engine, table, store)


def studies(log, **asked) -> list[tuple[str, str]]:
    return [(row["reviewer"], row["study"]) for row in log.shown(Filters.read(asked))["rows"]]


def test_disagreements_come_first_and_what_was_taken_back_not_at_all(log):
    found = log.shown(Filters())
    assert [(row["study"], row["verdict"], row["conflict"]) for row in found["rows"]] == [
        ("one", "disagree", True),
        ("one", "agree", True),
        ("two", "agree", False),
    ]
    assert (found["total"], found["counts"]) == (3, {"agree": 2, "disagree": 1, "unsure": 0})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"reviewer": "Dr B"}, [("Dr B", "one")]),
        ({"verdict": "agree"}, [("Dr A", "one"), ("Dr A", "two")]),
        ({"verdict": "undo"}, [("Dr B", "film-only")]),
        ({"text": "OF TWO"}, [("Dr A", "two")]),
        ({"model": "another"}, []),
        ({"reviewer": "nobody"}, []),
        ({"reviewer": ["junk"], "order": "; drop"}, []),
    ],
)
def test_filters(log, asked, expected):
    assert sorted(studies(log, **asked)) == expected


def test_newest_first_on_request(log):
    times = [row["time"] for row in log.shown(Filters(order=NEWEST))["rows"]]
    assert times == sorted(times, reverse=True)


def test_a_finding_filters_by_what_either_side_reported(log, reviewer):
    for finding in reviewer.engine.findings:
        assert ("Dr B", "one") in studies(log, finding=finding) or ("Dr A", "one") in studies(log, finding=finding)


def test_agreement_follows_the_filters(log):
    assert log.shown(Filters())["agreement"]["kappa"]
    assert log.shown(Filters(reviewer="Dr A"))["agreement"]["kappa"] == []


def test_a_verdict_is_shown_as_it_was_given(log):
    row = log.shown(Filters())["rows"][0]
    record = log.record(row["id"])
    flag, undone = log.flag(row["id"])
    assert (record["probabilities"], record["same_model"], record["can_open"]) == (flag.probabilities, True, True)
    assert record["film"].startswith("data:image/jpeg")
    assert not undone


def test_another_model_and_another_film_are_said_to_be_so(log):
    flag, _ = log.flag(log.shown(Filters())["rows"][0]["id"])
    log.store.append(flag.changed(flag_id="old", model_digest="0" * 64, image_sha256="1" * 64))
    log.store.append(flag.changed(flag_id="upload", study_id="", image_sha256="2" * 64))
    record = log.record("old")
    assert (record["same_model"], record["film"], record["no_film"], record["can_open"]) == (
        False,
        None,
        "changed",
        False,
    )
    assert (log.record("upload")["no_film"], log.record("upload")["can_open"]) == ("not_kept", False)


def test_what_was_sent_is_opened_as_it_was_while_it_is_kept(log, reviewer):
    flag, _ = log.flag(log.shown(Filters())["rows"][0]["id"])
    film = random_film(7)
    film = film._replace(sha256=hashlib.sha256(film.pixels.tobytes()).hexdigest())
    log.store.keep_film(film)
    log.store.append(flag.changed(flag_id="film", study_id="", image_sha256=film.sha256))
    log.store.append(flag.changed(flag_id="report", study_id="", image_sha256=""))
    for flag_id, modalities in (("film", ("image", "report")), ("report", ("report",))):
        assert log.record(flag_id)["can_open"]
        sent, session = log.flag(flag_id)[0], Session(beta=0.5)
        step = next(reviewer.open_kept(session, log.store, 0.5, sent))
        assert (step.case.encoded.modalities, step.case.report) == (modalities, flag.report)
        assert session.recorded is sent
    log.store.take_out(f"film-{film.sha256[:12]}")
    (step,) = reviewer.open_kept(session, log.store, 0.5, flag.changed(image_sha256=film.sha256))
    assert "No copy of that film is kept" in step.detail


def test_what_is_not_there_cannot_be_opened(log):
    with pytest.raises(FeedbackError, match="not there"):
        log.record("nothing")


def test_of_a_purged_verdict_nothing_can_be_opened(log):
    (purged, *_) = log.shown(Filters.read({"text": "of two"}))["rows"]
    log.store.take_out("two")
    for opened in (log.record, log.flag):
        with pytest.raises(FeedbackError, match="not there any more"):
            opened(purged["id"])


def test_marked_words_are_cut_out_of_the_report():
    assert marked("ab cd ef", ((3, 5), (0, 2))) == [["ab", True], [" ", False], ["cd", True], [" ef", False]]
    assert marked("ab", ()) == [["ab", False]]


def test_the_picker_knows_what_this_reviewer_judged(log):
    page = SimpleNamespace(feedback=log.store)
    assert judged_by(page, "Dr A") == {"one": "agree", "two": "agree"}
    assert judged_by(page, "Dr B") == {"one": "disagree"}
