"""The β lab says what scikit-learn says, resamples patients, and tells a gain from chance."""

from typing import NamedTuple

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from model.evaluation.beta_curves import BETA_GRID, Lab, Measures, best_beta, measure_over_beta, youden_threshold
from model.evaluation.metrics import evaluate
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.inference.predictions import Scored, score
from model.studies.table import Study

N = 240
RESAMPLES = 200


class Case(NamedTuple):
    reference: Reference
    studies: tuple[Study, ...]


@pytest.fixture(scope="module")
def case(engine: Engine) -> Case:
    """Studies whose findings the film tells of, the report a little; two studies a patient."""
    rng = np.random.default_rng(0)
    labels = rng.random((N, 3)) < (0.3, 0.5, 0.15)
    weights = engine.network.head.state_dict()
    toward = next(w for w in weights.values() if w.shape == (3, engine.config.width)).numpy()
    toward = toward / np.linalg.norm(toward, axis=1, keepdims=True)
    signal = (labels - 0.5) @ toward * 6

    def embedding(strength: float) -> np.ndarray:
        return (rng.normal(size=(N, engine.config.width)) + strength * signal).astype(np.float32)

    ids = tuple(f"s{i}" for i in range(N))
    reference = Reference(ids, embedding(0.6), embedding(0.1), np.ones((N, 2), np.float32))
    studies = tuple(
        Study(ids[i], None, "", frozenset(np.array(engine.findings)[labels[i]].tolist()), f"p{i // 2}", "val", i == 7)
        for i in range(N)
    )
    return Case(reference, studies)


@pytest.fixture(scope="module")
def lab(engine: Engine, case: Case) -> Lab:
    return measure_over_beta(engine.network, score(engine, case.reference, case.studies), RESAMPLES)


def test_values_are_those_of_scikit_learn(lab):
    for i, finding in enumerate(lab.findings):
        truth, found = lab.labels[:, i], lab.per_finding[finding]
        for b in (0, 10, 20):
            p = lab.probabilities[b, :, i]
            assert found.auroc.value[b] == pytest.approx(roc_auc_score(truth, p), abs=1e-9)
            assert found.average_precision.value[b] == pytest.approx(average_precision_score(truth, p), abs=1e-9)
            assert _j(truth, p, found.threshold.value[b]) == pytest.approx(_highest_j(truth, p), abs=1e-9)


def _highest_j(truth: np.ndarray, p: np.ndarray) -> float:
    false_positive, true_positive, _ = roc_curve(truth, p)
    return float((true_positive - false_positive).max())


def _j(truth: np.ndarray, p: np.ndarray, threshold: float) -> float:
    return float((p[truth == 1] >= threshold).mean() - (p[truth == 0] >= threshold).mean())


def test_the_reliability_diagram_is_scikit_learns(lab):
    finding = lab.findings[0]
    shown = lab.per_finding[finding].reliability
    observed, predicted = calibration_curve(lab.labels[:, 0], lab.probabilities[10, :, 0], n_bins=15)
    filled = shown.studies[10] > 0
    np.testing.assert_allclose(shown.observed.value[10, filled], observed, atol=1e-9)
    np.testing.assert_allclose(shown.predicted[10, filled], predicted, atol=1e-6)
    assert np.isnan(shown.observed.value[10, ~filled]).all()


def test_overall_is_what_evaluate_prints(engine, case, lab):
    printed = evaluate(engine, case.reference, case.studies, BETA_GRID)
    assert printed.n == len(lab.study_ids) == N - 1  # the discordant study is left out
    np.testing.assert_allclose(lab.overall.auroc.value, printed.macro_auroc, atol=1e-9)
    np.testing.assert_allclose(lab.overall.ece.value, printed.ece, atol=1e-6)


def test_bands_hold_the_value_and_come_from_patients(engine, case, lab):
    for band in (lab.overall.auroc, lab.overall.average_precision, lab.per_finding[lab.findings[1]].threshold):
        assert ((band.low <= band.value) & (band.value <= band.high)).all()
    assert lab.patients == N // 2
    # A patient's studies that are copies of one another say no more than one of them: the band stays as wide.
    twice = tuple(s._replace(study_id=f"{s.study_id}b") for s in case.studies)
    ids = case.reference.study_ids + tuple(s.study_id for s in twice)
    doubled = Reference(ids, *(np.concatenate([a, a]) for a in case.reference[1:]))
    again = measure_over_beta(engine.network, score(engine, doubled, case.studies + twice), RESAMPLES)
    np.testing.assert_allclose(again.overall.auroc.low, lab.overall.auroc.low, atol=1e-9)


def test_the_best_beta_and_what_it_gains(lab):
    macro = lab.overall
    assert macro.auroc.value[macro.best_index] == macro.auroc.value.max()
    assert macro.best.low <= macro.best.value <= macro.best.high
    over_report, over_image = (macro.gains[m] for m in ("report", "image"))
    assert over_report.difference.value[0] == over_image.difference.value[-1] == 0
    assert np.isnan([over_report.p[0], over_image.p[-1]]).all()
    assert (macro.verdicts("report")[0], macro.verdicts("image")[-1]) == ("itself", "itself")
    # The film was made to tell more than the report.
    assert over_report.difference.low[macro.best_index] > 0
    assert over_report.p[macro.best_index] == pytest.approx(2 / (RESAMPLES + 1))  # two-sided
    assert macro.verdicts("report")[macro.best_index] == "better"
    assert "report" not in macro.alone_suffices()


def test_a_report_that_holds_the_answer_is_named(engine, case):
    studies = case.studies
    reference = case.reference._replace(report=case.reference.image, image=case.reference.report)
    leaked = reference._replace(image=np.zeros_like(reference.image))
    assert measure_over_beta(engine.network, score(engine, leaked, studies), RESAMPLES).overall.alone_suffices() == (
        "report",
    )


def test_a_finding_without_positives_is_undefined_and_does_not_stop_the_rest(engine, case):
    missing = engine.findings[2]
    studies = tuple(s._replace(labels=s.labels - {missing}) for s in case.studies)
    lab = measure_over_beta(engine.network, score(engine, case.reference, studies), 50)
    found: Measures = lab.per_finding[missing]
    assert found.positives == 0
    assert np.isnan(found.auroc.value).all()
    assert np.isnan(found.best.value)
    assert found.alone_suffices() == ()
    assert np.isfinite(lab.overall.auroc.value).all()


def test_single_label_calibration_is_that_of_the_decision(case):
    from helpers import small_network
    from torch import device

    single = Engine(small_network(problem_type="single_label_classification"), "single", device("cpu"))
    studies = tuple(s._replace(labels=frozenset(sorted(s.labels)[:1] or single.findings[:1])) for s in case.studies)
    lab = measure_over_beta(single.network, score(single, case.reference, studies), 20)
    printed = evaluate(single, case.reference, studies, BETA_GRID)
    np.testing.assert_allclose(lab.overall.ece.value, printed.ece, atol=1e-6)
    np.testing.assert_allclose(lab.probabilities.sum(2), 1, atol=1e-5)


def test_of_several_best_beta_the_even_one_is_taken_and_all_are_told():
    flat = np.full((1, len(BETA_GRID)), 0.8)
    flat[0, 4:13] = 0.9
    assert best_beta(flat).tolist() == [[0.5, 0.2, 0.6]]
    assert np.isnan(best_beta(np.full((1, len(BETA_GRID)), np.nan))).all()


def test_youden_counts_studies_as_often_as_told():
    truth, scores = np.array([0.0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8])
    counts = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [1, 0, 1, 0]])
    threshold = youden_threshold(truth, scores, counts)
    assert threshold[:2].tolist() == [0.8, 0.4]
    assert np.isnan(threshold[2])


@pytest.mark.parametrize("positives", [1, 9])
def test_of_too_few_patients_nothing_is_ruled_out(engine, case, positives):
    finding = engine.findings[1]
    has = [s for s in case.studies if finding in s.labels and not s.discordant][: 2 * positives : 2]
    some = (*has, *[s for s in case.studies if finding not in s.labels and not s.discordant][:40])
    found = measure_over_beta(engine.network, score(engine, case.reference, some), RESAMPLES).per_finding[finding]
    assert found.few
    assert found.alone_suffices() == ()
    assert np.isnan([gain.p for gain in found.gains.values()]).all()
    assert {*found.verdicts("image"), *found.verdicts("report")} == {"unsure", "itself"}
    # One patient with it is all that any resample knows of such patients.
    assert np.isnan(found.auroc.low).all() == (positives == 1)


def test_of_enough_patients_something_can_be(lab):
    assert not lab.overall.few
    assert not lab.per_finding[lab.findings[1]].few


def simulated(seed: int) -> Scored:
    """Few to many studies of one to three of a patient, with ties, missing modalities, and films and reports that tell
    little or all of each finding, alike or not."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([6, 20, 60, 150]))
    labels = rng.random((n, 3)) < rng.choice([0.02, 0.1, 0.3, 0.5, 0.9], 3)
    names = np.array(["Cardiomegaly", "Effusion", "Pneumothorax"])
    patients = rng.integers(0, n // rng.integers(1, 4) + 1, n)
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(names[row].tolist()), f"p{patients[i]}", "val")
        for i, row in enumerate(labels)
    )
    alone = [rng.normal(size=(n, 3)) + rng.choice([0, 0.3, 1, 30], 3) * labels for _ in range(2)]
    alone[1] = alone[0] if seed % 4 == 0 else alone[1]  # both say the same
    has = np.array([[1, 1], [1, 0], [0, 1]], np.float32)[rng.choice(3, n, p=[0.8, 0.1, 0.1])]
    beta = np.where(has.all(1), np.array(BETA_GRID)[:, None], has[:, 0])[..., None]
    logits = (beta * alone[0] + (1 - beta) * alone[1]).round(int(rng.choice([0, 1, 4])))
    return Scored(studies, has, logits.astype(np.float32))


SIMULATED = range(40)


@pytest.fixture(scope="module")
def simulations(engine) -> list[Lab]:
    return [measure_over_beta(engine.network, simulated(seed), 200, seed) for seed in SIMULATED]


def test_words_interval_and_p_never_contradict_one_another(simulations):
    seen = set()
    for result in simulations:
        for found in (result.overall, *result.per_finding.values()):
            for modality, gain in found.gains.items():
                for word, value, low, high, p in zip(found.verdicts(modality), *gain.difference, gain.p, strict=True):
                    seen.add(word)
                    assert (p < 0.05) == (word in ("better", "worse")), (word, p)
                    assert (word == "undefined") == np.isnan(value)
                    if word == "better":
                        assert low > 0
                    elif word == "worse":
                        assert high < 0
                    elif word == "same":
                        assert found.rules_out
                        assert low <= 0 <= high < 0.02
                        assert p >= 0.05
                    else:
                        assert not low > 0 or found.few
                        assert np.isnan(p) or word == "unsure"
                    if word in ("itself", "alike"):
                        assert value == 0
                        assert np.isnan(low)
                    assert not high - low <= 0  # no width, no interval
            if found.few:
                assert found.alone_suffices() == ()
    assert seen == {"better", "worse", "same", "unsure", "itself", "alike", "undefined"}


def test_no_figure_has_an_interval_of_no_width(simulations):
    for result in simulations:
        for found in (result.overall, *result.per_finding.values()):
            bands = (found.auroc, found.average_precision, found.ece, found.threshold, found.reliability.observed)
            for band in (*bands, found.best):
                assert not (band.high - band.low <= 0).any()
                assert (np.isnan(band.low) == np.isnan(band.high)).all()
                assert np.isnan(band.low[np.isnan(band.value)]).all()
