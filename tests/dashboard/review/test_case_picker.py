"""Every study of a table can be reached from the picker, in any order; in blind mode it says nothing of them."""

import json

import numpy as np
import pytest

from dashboard.review.case_picker import CARDS, Question, Reader, offered_cases
from explain.cohort.worklist import Candidate, ReviewReason
from model.studies.stories import Stories, Story
from model.studies.table import Study, StudyTable

SPLITS = ("train", "val", "test")


def of(count: int, split: str = "test") -> StudyTable:
    labels = (frozenset({"A"}), frozenset({"B"}), frozenset({"A", "B"}), frozenset())
    studies = [
        Study(f"s{i:05}", None, f"words {i} end", labels[i % 4], str(i), split or SPLITS[i % 3], discordant=i % 10 == 0)
        for i in range(count)
    ]
    return StudyTable("studies.csv", studies, (), "")


def ids(table: StudyTable, question: Question = Question(), *more, **others) -> list[str]:  # noqa: B008 (a constant)
    return [s["id"] for s in json.loads(offered_cases(table, question, *more, **others))["studies"]]


def every(table: StudyTable, question: Question, *more, **others) -> list[str]:
    """The ids on every page."""
    found: list[str] = []
    while page := ids(table, question._replace(offset=len(found)), *more, **others):
        found += page
    return found


def test_the_first_page_shows_every_finding_and_a_discordant_study():
    shown = json.loads(offered_cases(of(400)))
    assert len(shown["studies"]) == CARDS
    assert {"A", "B"} <= {label for s in shown["studies"] for label in s["labels"]}
    assert any(not s["labels"] for s in shown["studies"])
    assert any(s["discordant"] for s in shown["studies"])
    assert shown["total"] == 400


@pytest.mark.parametrize("order", ["mixed", "id"])
@pytest.mark.parametrize("blind", [False, True])
def test_every_study_is_on_one_page(order, blind):
    found = every(of(130), Question(order=order), Reader("reader", blind))
    assert len(found) == 130
    assert len(set(found)) == 130


def test_the_test_split_is_offered_first_and_all_where_there_is_none():
    assert {s["split"] for s in json.loads(offered_cases(of(30, "")))["studies"]} == {"test"}
    assert len(ids(of(9, "train"))) == 9
    assert len(every(of(90, ""), Question(split="all"))) == 90
    assert len(every(of(90, ""), Question(split="train"))) == 30
    assert ids(of(9, "train"), Question(split="val")) == []


def test_a_search_finds_by_id_and_by_words_of_the_report():
    table = of(100)
    assert ids(table, Question(text="S00042")) == ["s00042"]
    assert ids(table, Question(text="WORDS 7 end")) == ["s00007"]
    assert ids(table, Question(text="no such words")) == []


def test_filters_narrow_together():
    table, judged = of(100), {"s00000": "agree", "s00001": "unsure"}
    assert set(ids(table, Question(finding="A", judged="yes"), Reader(judged=judged))) == {"s00000"}
    unjudged = every(table, Question(judged="no"), Reader(judged=judged))
    assert set(unjudged) == {s.study_id for s in table.studies} - set(judged)
    assert all(int(s[1:]) % 10 == 0 for s in ids(table, Question(discordant=True)))


def test_orders_are_by_what_the_model_says():
    table = of(50)
    p = {name: np.random.default_rng(i).random(50) for i, name in enumerate("AB")}
    likely = every(table, Question(order="likely", finding="B"), probabilities=lambda: p)
    assert [int(s[1:]) for s in likely] == [i for i in np.argsort(-p["B"]) if i % 4 in (1, 2)]
    uncertain = every(table, Question(order="uncertain"), probabilities=lambda: p)
    distance = [min(abs(p["A"][int(s[1:])] - 0.5), abs(p["B"][int(s[1:])] - 0.5)) for s in uncertain]
    assert distance == sorted(distance)


def test_a_queue_offers_what_its_verdicts_are_for():
    table = of(90, "")
    queue = [Candidate(s.study_id, 1.0, (ReviewReason("uncertain", "A", (0.5,)),)) for s in table.studies[::-1]]
    teaching = every(table, Question(queue="training"), candidates=lambda: queue)
    measuring = every(table, Question(queue="evaluation"), candidates=lambda: queue)
    assert teaching == [s.study_id for s in table.studies[::-1] if s.split == "train"]
    assert measuring == [s.study_id for s in table.studies[::-1] if s.split != "train"]
    first = json.loads(offered_cases(table, Question(queue="training"), candidates=lambda: queue))["studies"][0]
    assert first["reasons"][0]["kind"] == "uncertain"


def test_blind_cards_tell_nothing_and_stand_in_an_order_of_the_readers_own():
    table = of(100)
    queue = [Candidate(s.study_id, 1.0, (ReviewReason("uncertain", "A", (0.5,)),)) for s in table.studies]
    p = {name: np.linspace(0, 1, 100) for name in "AB"}
    for question in (Question(), Question(queue="evaluation"), Question(order="likely"), Question(finding="A")):
        shown = json.loads(offered_cases(table, question, Reader("a", True), lambda: p, lambda: queue))
        assert shown["total"] == 100
        assert [(s["labels"], s["discordant"], s["reasons"]) for s in shown["studies"]] == [(None, False, [])] * CARDS
        mine = every(table, question, Reader("a", True), probabilities=lambda: p, candidates=lambda: queue)
        theirs = every(table, question, Reader("b", True), probabilities=lambda: p, candidates=lambda: queue)
        assert mine != theirs
        assert mine == every(table, question, Reader("a", True), probabilities=lambda: p, candidates=lambda: queue)
        assert sorted(mine) != mine


def test_what_a_page_asks_that_is_not_understood_asks_for_nothing():
    junk = {
        "text": 3,
        "finding": None,
        "split": "all of it",
        "order": ["id"],
        "queue": {},
        "offset": -1,
        "number": True,
    }
    assert Question.read(junk) == Question(text="3")
    assert Question.read({"text": "x" * 5000}).text == "x" * 200


def test_there_is_a_thumbnail_where_there_is_a_film(table):
    thumbs = {s["id"]: s["thumb"] for s in json.loads(offered_cases(table))["studies"]}
    assert thumbs["one"].startswith("data:image/jpeg")
    assert thumbs["report-only"] is None


@pytest.mark.parametrize("finding", ["", "No such finding"])
def test_a_list_of_nothing_is_empty_not_an_error(table, finding):
    assert ids(table, Question(finding=finding, discordant=True)) == []


def test_the_stories_come_first_where_nothing_narrows_the_list_and_never_in_blind_mode():
    table = of(30)
    story = Story(kind="negation", study="s00001", finding="A", beta=0.4, flip=0.45)
    table.stories = Stories(checkpoint="abc", stories=(story,))

    def told(question: Question = Question(), *more) -> list[dict]:  # noqa: B008 (a constant)
        return json.loads(offered_cases(table, question, *more))["stories"]

    assert told() == [{"kind": "negation", "study": "s00001", "finding": "A", "beta": 0.4, "judged": ""}]
    assert told(Question(order="id", split="test", offset=CARDS, number=3)) == told()
    narrowed = (Question(text="1"), Question(finding="A"), Question(split="train"), Question(queue="training"))
    assert [told(question) for question in narrowed] == [[], [], [], []]
    assert told(Question(), Reader("reader", blind=True)) == []
