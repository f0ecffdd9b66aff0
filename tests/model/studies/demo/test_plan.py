"""What is planned before a film is drawn: splits that share nothing, and parts that are fallible each by itself."""

from collections import defaultdict

import numpy as np
import pytest

pytest.importorskip("numba")  # of the extra `demo`

from model.studies.demo.card import data_card
from model.studies.demo.plan import HIDDEN, SPLITS, Planned, extra_plan, plan
from model.studies.demo.reports import FINDINGS, load_reports
from model.studies.demo.wording import reworded


@pytest.fixture(scope="module")
def studies() -> list[Planned]:
    return plan()


@pytest.fixture(scope="module")
def texts(studies) -> list[str]:
    reports = load_reports()
    return [reworded(reports[s.report_id].text, s.edits, s.seed) for s in studies[::EVERY]]


EVERY = 4  # study alone is reworded: the type checks of tests make it slow


def splits_of(studies: list[Planned], what) -> dict:
    found = defaultdict(set)
    for value, study in zip(what, studies, strict=True):
        found[value].add(study.split)
    return found


def test_there_are_about_two_thousand_studies(studies):
    assert 1700 < len(studies) < 2400
    assert [s.study_id for s in studies] == [f"demo-{i + 1:04d}" for i in range(len(studies))]


def test_splits_share_no_patient_no_report_no_text_and_no_body(studies, texts):
    for what in ([s.patient_id for s in studies], [s.report_id for s in studies], [s.anatomy for s in studies]):
        assert all(len(splits) == 1 for splits in splits_of(studies, what).values())
    letters = ["".join(filter(str.isalpha, text.lower())) for text in texts]
    assert all(len(splits) == 1 for splits in splits_of(studies[::EVERY], letters).values())


@pytest.mark.parametrize("split", SPLITS)
def test_bodies_are_shared_by_studies_with_and_without_findings(studies, split):
    by_body = defaultdict(list)
    for study in studies:
        if study.split == split:
            by_body[study.anatomy].append(study)
    for finding in FINDINGS:
        bodies = [some for some in by_body.values() if any(finding in s.present for s in some)]
        beside = [any(finding not in s.present for s in some) for some in bodies]
        assert np.mean(beside) > 0.5


def test_films_hide_and_reports_withhold_independently(studies):
    own = [s for s in studies if s.mishap != "patient"]
    hidden = np.array([f in s.hidden for s in own for f in sorted(s.present)])
    withheld = [{*s.edits.silent, *s.edits.masked, *s.edits.missed} for s in own]
    withheld = np.array([f in w for s, w in zip(own, withheld, strict=True) for f in sorted(s.present)])
    assert abs(hidden.mean() - HIDDEN) < 0.03
    assert 0.14 < withheld.mean() < 0.24
    assert abs(np.corrcoef(hidden, withheld)[0, 1]) < 0.08


def test_mishaps_are_recorded_and_few(studies):
    for study in studies:
        assert (study.report_id != study.patient_id) <= (study.mishap == "patient")
        assert (study.labels != study.present) == (study.mishap == "label")
        assert bool(study.edits.swapped) == (study.mishap == "side")
    assert 0.01 < np.mean([s.mishap == "label" for s in studies]) < 0.04


def test_severity_is_continuous_and_often_low(studies):
    extents = np.array([f.extent for s in studies for f in s.shown])
    assert len(np.unique(extents)) > 0.8 * len(extents)
    assert 0.15 < (extents < 0.2).mean() < 0.6


def test_extra_studies_stand_on_training_reports_and_bodies_of_their_own(studies):
    extra = extra_plan(60, 1)
    assert extra == extra_plan(60, 1)
    assert {s.report_id for s in extra} <= {s.report_id for s in studies if s.split == "train"} | {
        r for r in load_reports() if r not in {s.report_id for s in studies}
    }
    assert not {s.anatomy for s in extra} & {s.anatomy for s in studies}


def test_the_card_counts_what_is_planned(studies):
    card = data_card(studies)
    assert "{" not in card
    assert f"| studies | {' | '.join(str(sum(s.split == name for s in studies)) for name in SPLITS)} |" in card
