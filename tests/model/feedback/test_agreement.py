"""Agreement with the model and between reviewers, against scikit-learn, SciPy and counts by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.feedback import Flag
from model.feedback.agreement import (
    between_reviewers,
    case_of,
    conflicts,
    over_time,
    per_finding,
    reported,
    reviewer_labels,
)
from model.feedback.corrections import corrections

SHOWN = {"Cardiomegaly": 0.9, "Effusion": 0.2}


def flag(
    number: int, verdict: str = "agree", corrected: tuple = (), reviewer: str = "a", study: str = "s", day: int = 1
):
    said = {"reviewer": reviewer, "verdict": verdict, "corrected_labels": corrected}
    shown = {"study_id": study, "report": "r", "model_digest": "m", "beta": 0.5, "probabilities": SHOWN}
    return Flag.new(flag_id=f"f{number}", time_utc=f"2026-01-{day:02}T12:00:00Z", **said, **shown)


def test_what_was_decided_and_what_the_reviewer_holds():
    assert reported(flag(1), MULTI_LABEL) == {"Cardiomegaly"}
    assert reported(flag(1), SINGLE_LABEL) == {"Cardiomegaly"}
    assert reviewer_labels(flag(1), MULTI_LABEL) == {"Cardiomegaly"}
    assert reviewer_labels(flag(1, "disagree", ("Effusion",)), MULTI_LABEL) == {"Effusion"}
    assert reviewer_labels(flag(1, "unsure"), MULTI_LABEL) is None


def test_a_case_without_a_study_is_known_by_its_film():
    film = flag(1, study="").changed(image_sha256="ab12", image_name="x.png")
    assert (case_of(film), case_of(flag(1))) == ("ab12", "s")


def test_agreement_day_by_day_with_wilson_intervals():
    flags = [flag(1), flag(2, "disagree"), flag(3, "unsure"), flag(4, day=2)]
    first, second = over_time(flags)
    assert (first.of, first.agree, first.n) == ("2026-01-01", 1, 2)
    assert (second.of, second.agree, second.n) == ("2026-01-02", 1, 1)
    exact = binomtest(1, 2).proportion_ci(method="wilson")
    assert (first.low, first.high) == pytest.approx((exact.low, exact.high), abs=1e-6)


@pytest.mark.parametrize("n", [1, 3, 10, 40])
def test_intervals_are_wilsons_at_every_count(n):
    for k in range(n + 1):
        (found,) = over_time([flag(i, "agree" if i < k else "disagree") for i in range(n)])
        exact = binomtest(k, n).proportion_ci(method="wilson")
        assert (found.agree, found.n) == (k, n)
        assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-6)


def test_agreement_by_finding_counts_what_was_said_of_it():
    flags = [flag(1), flag(2, "disagree", ("Cardiomegaly", "Effusion")), flag(3, "unsure")]
    assert [(s.of, s.agree, s.n) for s in per_finding(flags, MULTI_LABEL)] == [
        ("Cardiomegaly", 2, 2),
        ("Effusion", 1, 2),
    ]


def test_kappa_is_that_of_scikit_learn_over_what_both_judged():
    rng = np.random.default_rng(0)
    said = rng.integers(0, 2, (20, 2))
    flags = [
        flag(i * 2 + j, "disagree", ("Effusion",) * int(said[i, j]), "ab"[j], f"s{i}")
        for i in range(20)
        for j in (0, 1)
    ]
    flags += [
        flag(90, study="only a"),
        flag(91, "unsure", reviewer="b", study="only a"),
        flag(92, reviewer="", study="s1"),
    ]
    found = {k.finding: k for k in between_reviewers(flags, MULTI_LABEL)}
    assert found["Effusion"].kappa == pytest.approx(cohen_kappa_score(said[:, 0], said[:, 1]))
    assert (found["Effusion"].first, found["Effusion"].second, found["Effusion"].n) == ("a", "b", 20)
    assert found["Effusion"].same == (said[:, 0] == said[:, 1]).sum()
    assert found["Cardiomegaly"].kappa is None  # both said the same of all


@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_kappa_is_cohens_or_not_defined_on_few_studies(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        said = rng.random((n, 2)) < rng.choice([0.1, 0.5, 1])
        flags = [
            flag(2 * i + j, "disagree", ("Effusion",) * int(said[i, j]), "ab"[j], f"s{i}")
            for i in range(n)
            for j in (0, 1)
        ]
        found = next(k for k in between_reviewers(flags, MULTI_LABEL) if k.finding == "Effusion")
        share, same = said.mean(0), (said[:, 0] == said[:, 1]).mean()
        by_chance = share.prod() + (1 - share).prod()
        if (share == 0).any() or (share == 1).any():
            assert found.kappa is None
        else:
            assert found.kappa == pytest.approx((same - by_chance) / (1 - by_chance))


def test_being_unsure_takes_an_earlier_verdict_back():
    flags = [flag(1), flag(2, "disagree", ("Effusion",), "b"), flag(3, study="t"), flag(4, reviewer="b", study="t")]
    assert conflicts(flags, MULTI_LABEL) == {"s"}
    assert {(k.n, k.same) for k in between_reviewers(flags, MULTI_LABEL)} == {(2, 1)}
    flags.append(flag(5, "unsure", reviewer="b"))
    assert conflicts(flags, MULTI_LABEL) == set()
    assert {(k.n, k.same) for k in between_reviewers(flags, MULTI_LABEL)} == {(1, 1)}
    # As fine-tuning counts: see `model.feedback.corrections`.
    found = corrections(flags, tuple(SHOWN), MULTI_LABEL)
    assert {study: c.reviewers for study, c in found.items()} == {"s": 1, "t": 2}
    flags.append(flag(6, "disagree", ("Effusion",), "b"))
    assert conflicts(flags, MULTI_LABEL) == {"s"}


def test_the_latest_verdict_of_a_reviewer_counts():
    flags = [flag(1), flag(2, "disagree", ("Effusion",), "b"), flag(3, "agree", (), "b")]
    assert conflicts(flags[:2], MULTI_LABEL) == {"s"}
    assert conflicts(flags, MULTI_LABEL) == set()
    assert {k.same for k in between_reviewers(flags, MULTI_LABEL)} == {1}
