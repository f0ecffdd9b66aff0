"""The picker offers every finding, few studies, and only what is asked for."""

import json

import pytest

from dashboard.review.case_picker import MOST_CASES, handful, offered_cases
from model.studies.table import Study


def studies(count: int) -> tuple[Study, ...]:
    labels = (frozenset({"A"}), frozenset({"B"}), frozenset({"A", "B"}), frozenset())
    return tuple(
        Study(str(i), None, "text", labels[i % 4], str(i), "test", discordant=i % 10 == 0) for i in range(count)
    )


def test_handful_shows_every_finding_and_a_discordant_study():
    shown = handful(studies(400), ("A", "B"))
    assert len(shown) == MOST_CASES
    assert {"A", "B"} <= set().union(*(s.labels for s in shown))
    assert any(not s.labels for s in shown)
    assert any(s.discordant for s in shown)
    assert len({s.study_id for s in shown}) == len(shown)


def test_shelf_filters_by_finding(table):
    offered = json.loads(offered_cases(table, finding="Effusion"))
    assert {s["id"] for s in offered["studies"]} == {"one", "film-only"}


def test_shelf_has_thumbnails_where_there_is_a_film(table):
    thumbs = {s["id"]: s["thumb"] for s in json.loads(offered_cases(table))["studies"]}
    assert thumbs["one"].startswith("data:image/jpeg")
    assert thumbs["report-only"] is None


@pytest.mark.parametrize("finding", ["", "No such finding"])
def test_shelf_of_nothing_is_empty_not_an_error(table, finding):
    assert json.loads(offered_cases(table, finding=finding, discordant=True))["studies"] == []
