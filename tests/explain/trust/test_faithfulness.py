"""Deletion and insertion are what plain loops find, and over cases what another bootstrap finds."""

import numpy as np
import plainly
import pytest
from helpers import REPORT, random_film

import explain
from explain.methods.registry import method
from explain.trust.evaluate import examine
from explain.trust.faithfulness import Curves, Verdict, deletion_insertion, steps_of, verdicts
from explain.trust.over_cases import Examined, mean_band, numbers, over_cases
from model.inference.engine import Engine
from model.studies.demo import BOUNDED
from model.studies.opening import open_studies
from model.studies.table import load_film

LEVEL = np.full(13, 0.5)


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine.load(device="cpu")


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(3), REPORT)


def study_of(split: str, finding: str):
    """A short report that states the finding, and its film."""
    return next(
        s
        for s in open_studies(None).of_split(split)
        if finding in s.labels and not s.discordant and 15 < len(s.report.split()) < 30
    )


def test_of_the_demos_film_they_are_what_plain_loops_find(demo):
    """At some of the steps: each takes a pass of the network."""
    study = study_of("test", "Cardiomegaly")
    case, index, steps = demo.encode(load_film(study), ""), demo.finding_index("Cardiomegaly"), (0, 2, 7, 12)
    question = explain.Question(demo, case, index, (1.0,))
    scores = method("image", "gradcam").explain(question).scores[0]
    found = deletion_insertion(question, "image", scores)
    assert list(found) == ["blur", "black", "grey"]
    assert len({round(curves.areas()["deletion"], 4) for curves in found.values()}) == 3
    for baseline, curves in found.items():
        expected = plainly.curves(plainly.of_film(demo, case, index, 1.0, scores.shape, baseline), scores, steps)
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(curves, name)[list(steps)], values, atol=1e-4, err_msg=baseline)


def test_of_the_demos_report_they_are_what_plain_loops_find(demo):
    study = study_of("test", "Cardiomegaly")
    case, index = demo.encode(None, study.report), demo.finding_index("Cardiomegaly")
    question = explain.Question(demo, case, index, (0.0,))
    scores = method("report", "contextual_cam").explain(question).scores[0]
    (found,) = deletion_insertion(question, "report", scores).values()
    for name, values in plainly.curves(plainly.of_report(demo, case, index, 0.0, question.words), scores).items():
        np.testing.assert_allclose(getattr(found, name), values, atol=1e-4)


def test_the_baseline_of_a_film_that_is_not_square_leaves_what_is_around_it_black(engine):
    case = engine.encode(random_film(5, 200, 100), "")
    question = explain.Question(engine, case, 1, (1.0,))
    scores = method("image", "gradcam").explain(question).scores[0]
    for baseline, curves in deletion_insertion(question, "image", scores).items():
        expected = plainly.areas(plainly.of_film(engine, case, 1, 1.0, scores.shape, baseline), scores)
        assert curves.areas() == pytest.approx(expected, abs=1e-5), baseline


def test_the_steps_say_what_is_away_at_each_point_of_the_curves(engine):
    case = engine.encode(random_film(5, 200, 100), "")
    question = explain.Question(engine, case, 1, (1.0,))
    scores = method("image", "gradcam").explain(question).scores[0]
    steps = steps_of(scores)
    assert steps.deletion.shape == steps.insertion.shape == scores.shape
    for baseline, curves in deletion_insertion(question, "image", scores).items():
        probability = plainly.of_film(engine, case, 1, 1.0, scores.shape, baseline)
        for step in (0, 5, 12):
            for away, curve in ((steps.deletion <= step, curves.deletion), (steps.insertion > step, curves.insertion)):
                gone = np.flatnonzero(away).tolist()
                assert curve[step] == pytest.approx(probability(gone), abs=1e-5), (baseline, step)
    assert steps_of(np.zeros(4)) is None


def test_equal_scores_have_no_order_of_their_own(engine, encoded):
    question = explain.Question(engine, encoded, 1, (0.0,))
    words = len(question.words)
    assert deletion_insertion(question, "report", np.zeros(words)) == {}
    assert verdicts({}) == {}
    # Two levels: in the middle all of the higher one are gone, whatever order they went in.
    even = words - words % 2
    cut = explain.Question(engine, engine.encode(None, " ".join(["effusion"] * even)), 1, (0.0,))
    scores = np.repeat([1.0, 0.0], even // 2)
    gone = plainly.of_report(engine, cut.encoded, 1, 0.0, cut.words)(list(range(even // 2)))
    assert deletion_insertion(cut, "report", scores)["left_out"].deletion[6] == pytest.approx(gone, abs=1e-5)


@pytest.mark.parametrize("report", ["Effusion", "Effusion.", "A small effusion."])
def test_few_words_are_tested_or_say_nothing(engine, report):
    figures = examine(engine, engine.encode(None, report), "Effusion", "report", "contextual_cam").figures()
    assert ("areas" in figures) == (len(report.split()) > 1 or report.endswith("."))
    assert all(value is not None and not np.isnan(value) for value in figures.values() if isinstance(value, float))


def test_two_of_three_baselines_are_needed():
    falls, rises = (Curves(LEVEL + by, LEVEL - by, LEVEL) for by in (-0.1, 0.1))
    for good, holds in ((3, True), (2, True), (1, False), (0, False)):
        curves = dict(zip(("blur", "black", "grey"), [falls] * good + [rises] * (3 - good), strict=True))
        assert verdicts(curves) == {"deletion": Verdict(good, 3), "insertion": Verdict(good, 3)}
        assert verdicts(curves)["deletion"].holds is holds
    assert verdicts({"left_out": falls})["insertion"].holds
    assert not verdicts({"left_out": rises})["insertion"].holds


# Over cases


def examined(finding: str, patient: str, **areas: float) -> Examined:
    """Deletion is so much below random order with each baseline; insertion is as random order."""
    by_baseline = {name: {"deletion": 0.5 - by, "insertion": 0.5, "random": 0.5} for name, by in areas.items()}
    return Examined(finding, patient, {"stability": 0.5, "areas": by_baseline})


def test_the_interval_is_that_of_another_bootstrap_over_whole_patients():
    """Patients have one case to three; ties among their differences."""
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(25), rng.integers(1, 4, 25))
    values = np.round(rng.normal(-0.1, 0.2, len(patients)), 1)
    found = mean_band(values, tuple(f"p{p}" for p in patients))
    drawn = []
    for _ in range(4000):
        some = [values[patients == p] for p in rng.choice(25, 25)]
        drawn.append(np.concatenate(some).mean())
    assert found["value"] == pytest.approx(values.mean(), abs=1e-4)
    assert [found["low"], found["high"]] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.01)


def test_a_mean_over_findings_has_the_interval_of_that_mean():
    """Of two findings, one with many more cases than the other, by another bootstrap over patients."""
    rng = np.random.default_rng(6)
    findings = np.array(["A"] * 24 + ["B"] * 6)
    inside = np.concatenate([rng.random(24) < 0.8, rng.random(6) < 0.4]).astype(float)
    tested = [Examined(f, f"p{i}", {"points_inside": v}) for i, (f, v) in enumerate(zip(findings, inside, strict=True))]
    found = over_cases(tested)
    drawn = []
    for _ in range(4000):
        some = rng.choice(30, 30)
        drawn.append(np.mean([inside[some][findings[some] == f].mean() for f in set(findings[some])]))
    assert found["points_inside"] == pytest.approx((inside[:24].mean() + inside[24:].mean()) / 2, abs=1e-4)
    interval = found["intervals"]["points_inside"]
    assert [interval["low"], interval["high"]] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.04)
    assert found["passed"] == {"points_inside": True}


def test_the_verdict_over_cases_needs_intervals_of_two_baselines():
    rng = np.random.default_rng(0)
    sure = [examined("A", f"p{i}", blur=0.2 + i / 300, black=i / 300, grey=rng.normal(0, 0.3)) for i in range(30)]
    found = over_cases(sure)
    assert found["deletion"] == {"passed": 2, "of": 3, "holds": True}
    assert found["insertion"] is None  # nowhere another area than at random
    assert (found["n"], found["patients"], found["coarse"]) == (30, 30, False)
    blurred = [examined("A", f"p{i}", blur=i / 300, black=-i / 300, grey=rng.normal(0, 0.3)) for i in range(30)]
    assert over_cases(blurred)["deletion"] == {"passed": 1, "of": 3, "holds": False}


def test_where_all_are_alike_there_is_no_interval_to_pass_with():
    alike = [examined("A", f"p{i}", blur=0.2, black=i / 300, grey=0.1) for i in range(30)]
    found = over_cases(alike)
    assert found["faithfulness"]["blur"]["deletion_difference"] == {"value": -0.2, "low": None, "high": None}
    assert found["deletion"] == {"passed": 1, "of": 3, "holds": False}


def test_one_patient_has_means_and_no_verdict():
    found = over_cases([examined("A", "p", blur=0.2), examined("B", "p", blur=0.1)])
    assert found["coarse"]
    assert found["deletion"] is None
    difference = found["faithfulness"]["blur"]["deletion_difference"]
    assert difference == {"value": -0.15, "low": None, "high": None}
    each = found["per_finding"]
    assert [each[f]["faithfulness"]["blur"]["deletion_difference"]["value"] for f in "AB"] == [-0.2, -0.1]


def test_what_names_no_order_is_not_counted_and_nothing_is_no_figure():
    found = over_cases([examined("A", "p", blur=0.2), Examined("A", "q", {"stability": 0.7})])
    assert (found["n"], found["faithfulness"]["blur"]["n"]) == (2, 1)
    assert found["stability"] == pytest.approx(0.6)
    nothing = over_cases([])
    assert (nothing["n"], nothing["per_finding"]) == (0, {})
    assert not {"faithfulness", "deletion", "stability"} & nothing.keys()
    assert numbers(nothing) == {}
    assert numbers(found) == {"stability": 0.6, "deletion_blur": 0.3, "insertion_blur": 0.5}


def test_means_against_the_truth_are_over_findings_that_have_a_place():
    cases = [("Nodule", 1.0), ("Nodule", 0.0), ("Effusion", 1.0), ("Edema", 0.0)]
    tested = [Examined(f, f"p{i}", {"points_inside": v}) for i, (f, v) in enumerate(cases)]
    assert over_cases(tested, BOUNDED)["points_inside"] == pytest.approx((0.5 + 1.0) / 2)
    assert over_cases(tested)["points_inside"] == pytest.approx((0.5 + 1.0 + 0.0) / 3)  # nothing is known of the places
    assert over_cases([Examined("Edema", "p", {"points_inside": 1.0})], BOUNDED)["points_inside"] is None
