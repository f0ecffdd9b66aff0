"""Every figure that is measured, against scikit-learn, SciPy or a count by hand: with ties, one class, few studies,
missing modalities, studies that count for nothing, each fusion and both kinds of decision."""

import copy
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from helpers import small_network
from scipy.optimize import minimize
from scipy.special import expit, softmax
from scipy.stats import norm, t
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from explain.every_beta.discordance import alert_figures, calibrate_alert
from model.config import FUSIONS, MULTI_LABEL, SINGLE_LABEL
from model.evaluation.beta_curves import BETA_GRID, measure_over_beta
from model.evaluation.bootstrap import LEAST, resample
from model.evaluation.compare_models import WAYS, Decisions, compare_models
from model.evaluation.compare_versions import GATE_BETAS, compare_scored, share_as_corrected
from model.evaluation.metrics import evaluate, evaluate_scored
from model.feedback.corrections import Correction
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.inference.predictions import Scored, score
from model.network.fusions import fusion
from model.studies.table import Study
from model.training.calibration import calibrate, cross_fitted, parts_of, recalibrated

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")
EVALUATED = (0.0, 0.25, 0.5, 0.75, 1.0)
KINDS = ("ties", "one class", "few", "missing", "plain")
TEMPERATURE = (0.3, -0.4, 0.2)


@pytest.fixture(scope="module")
def networks():
    """A network of each fusion, and one that chooses a single finding; none has learnt anything, all are calibrated."""
    base, made = small_network(width=16), {}
    for name in (*FUSIONS, SINGLE_LABEL):
        network = copy.deepcopy(base)
        if name == SINGLE_LABEL:
            network.config = replace(network.config, problem_type=SINGLE_LABEL)
        else:
            torch.manual_seed(1)
            network.fusion, network.config = fusion(name, 16).eval(), replace(network.config, fusion=name)
        network.log_temperature.copy_(torch.tensor(TEMPERATURE))
        made[name] = Engine(network.requires_grad_(False), name, torch.device("cpu"))
    return made


EVERY = [(name, kind) for name in (*FUSIONS, SINGLE_LABEL) for kind in KINDS]
# Of what comes after the probabilities, which a fusion has no part in: each kind, and each fusion, once or twice.
SOME = [*zip(FUSIONS, KINDS[:4], strict=True), *((SINGLE_LABEL, kind) for kind in KINDS)]


@pytest.fixture(params=SOME, ids=" ".join)
def case(request, networks) -> tuple[Engine, Reference, tuple[Study, ...]]:
    """An engine, embeddings, and studies, some of one patient; one in ten is discordant."""
    name, kind = request.param
    engine, rng = networks[name], np.random.default_rng([EVERY.index(request.param), 5])
    n = 9 if kind == "few" else 40
    single = engine.config.problem_type == SINGLE_LABEL
    labels = rng.random((n, 3)) < (0.5, 0.3, 0.1)
    if single:
        labels = np.eye(3, dtype=bool)[rng.choice(3, n, p=(0.6, 0.3, 0.1))]
    if kind == "one class":
        labels[:, 0], labels[:, 1] = True, False
        labels = np.eye(3, dtype=bool)[np.zeros(n, int)] if single else labels
    has = np.ones((n, 2), np.float32)
    if kind == "missing":
        has = np.array([[1, 1], [1, 0], [0, 1]], np.float32)[rng.choice(3, n, p=(0.5, 0.25, 0.25))]
    image, report = rng.normal(size=(2, n, 16)).astype(np.float32)
    if kind == "ties":
        drawn = rng.integers(0, 12, n)  # the same film and report, of several studies
        image, report = image[drawn], report[drawn]
    names = np.array(FINDINGS)
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(names[row].tolist()), f"p{rng.integers(n // 2)}", "val", rng.random() < 0.1)
        for i, row in enumerate(labels)
    )
    return engine, Reference(tuple(s.study_id for s in studies), image, report, has), studies


def alone(engine: Engine, reference: Reference, i: int, beta: float) -> np.ndarray:
    """The probabilities of one study, computed by itself in double precision; a missing modality is an end of β."""
    if not reference.has[i].all():
        beta = float(reference.has[i, 0])
    head, blend = _precise(engine)
    vectors = (torch.from_numpy(part[i : i + 1]).double() for part in (reference.image, reference.report))
    logits = head(blend(*vectors, torch.tensor([[beta]], dtype=torch.float64))).numpy()[0]
    logits = logits / math.exp(TEMPERATURE[0] + TEMPERATURE[1] * beta + TEMPERATURE[2] * beta**2)
    return softmax(logits) if engine.config.problem_type == SINGLE_LABEL else expit(logits)


@lru_cache
def _precise(engine: Engine) -> tuple[torch.nn.Module, torch.nn.Module]:
    return copy.deepcopy(engine.network.head).double(), copy.deepcopy(engine.network.fusion).double()


def calibration_error(confidences, outcomes) -> float:
    """Guo et al. (2017), bin by bin."""
    error = 0.0
    for b in range(15):
        inside = [(p, y) for p, y in zip(confidences, outcomes, strict=True) if min(int(p * 15), 14) == b]
        if inside:
            error += (
                len(inside) / len(confidences) * abs(np.mean([p for p, _ in inside]) - np.mean([y for _, y in inside]))
            )
    return error


def pooled(labels, p, single: bool) -> float:
    if not single:
        return calibration_error(p.ravel(), labels.ravel())
    return calibration_error(p.max(1), labels[np.arange(len(p)), p.argmax(1)])


def area(labels, p, weights=None) -> float:
    """Of all pairs of a positive and a negative study the share that is in order; ties count half. NaN without one."""
    weights = np.ones(len(p)) if weights is None else weights
    positive, negative = labels > 0, labels <= 0
    pairs = np.outer(weights[positive], weights[negative])
    above, below = p[positive][:, None], p[negative]
    return float((((above > below) + (above == below) / 2) * pairs).sum() / pairs.sum()) if pairs.sum() else math.nan


def same(found, expected, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), atol=tolerance)


@pytest.mark.parametrize("case", EVERY, ids=" ".join, indirect=True)
def test_evaluate_prints_what_is_counted_study_by_study(case):
    engine, reference, studies = case
    kept = [i for i, s in enumerate(studies) if not s.discordant]
    labels = np.array([[f in studies[i].labels for f in FINDINGS] for i in kept], float)
    found = evaluate(engine, reference, studies)
    again = evaluate_scored(engine.network, score(engine, reference, studies))
    single = engine.config.problem_type == SINGLE_LABEL
    assert found.n == again.n == len(kept)
    for b, beta in enumerate(EVALUATED):
        p = np.array([alone(engine, reference, i, beta) for i in kept])
        areas = [roc_auc_score(y, q) if 0 < y.sum() < len(y) else math.nan for y, q in zip(labels.T, p.T, strict=True)]
        same([area(y, q) for y, q in zip(labels.T, p.T, strict=True)], areas)
        defined = [a for a in areas if not math.isnan(a)]
        errors = [calibration_error(p[:, k], labels[:, k]) for k in range(3)]
        for made in (found, again):
            same(made.auroc[b], areas, 1e-6)
            same(made.macro_auroc[b], np.mean(defined) if defined else math.nan, 1e-6)
            same(made.ece[b], pooled(labels, p, single), 1e-4)
            same(made.ece_of[b], errors, 1e-4)
    plain = again.to_json()
    assert "NaN" not in str(plain)
    for k, finding in enumerate(FINDINGS):
        undefined = labels[:, k].sum() in (0, len(kept))
        assert (plain["per_finding"][finding]["auroc"] == [None] * 5) == undefined
        assert ("not defined" in again.rows_by_finding()[k][1]) == undefined


def resampled(values: np.ndarray, side: int) -> tuple[float, float, float]:
    """The interval of resamples and their two-sided p, by sorting and counting; NaN where nothing is said."""
    known = sorted(v for v in values if not math.isnan(v))
    rank = math.ceil(round(0.025 * (len(known) + 1), 9)) - 1  # the last k of which 2 k / (n + 1) < 0.05
    if rank < 1 or known[rank - 1] == known[-rank] or side < 2:
        return math.nan, math.nan, math.nan
    beyond = 1 + min(sum(v <= 0 for v in known), sum(v >= 0 for v in known))
    p = min(1.0, 2 * beyond / (len(known) + 1)) if side >= LEAST else math.nan
    return known[rank - 1], known[-rank], p


def test_intervals_and_p_are_those_of_resampled_patients(case):
    engine, reference, studies = case
    scored = score(engine, reference, studies).concordant()
    labels, p = scored.labels(FINDINGS), scored.probabilities(engine.network)
    patients = tuple(s.patient_id for s in scored.studies)
    found = measure_over_beta(engine.network, scored, resamples=60)
    counts = resample(patients, 60)
    at = [0, 13, 20]
    areas = {b: [[area(labels[:, k], p[b, :, k], c) for k in range(3)] for c in counts] for b in at}
    sides = [
        min(len({q for q, y in zip(patients, labels[:, k], strict=True) if y == v}) for v in (0, 1)) for k in range(3)
    ]
    with np.errstate(all="ignore"):
        mean = {b: [np.mean([a for a in row if a == a] or [math.nan]) for row in rows] for b, rows in areas.items()}
    measures = [(found.overall, {b: np.array(mean[b]) for b in at}, max(sides))]
    measures += [
        (found.per_finding[f], {b: np.array(areas[b])[:, k] for b in at}, sides[k]) for k, f in enumerate(FINDINGS)
    ]
    for measured, rows, side in measures:
        for b in at:
            low, high, _ = resampled(rows[b], side)
            same([measured.auroc.low[b], measured.auroc.high[b]], [low, high])
            for modality, end in (("report", 0), ("image", 20)):
                low, high, chance = resampled((rows[b] - rows[end]).round(12), side)
                gain = measured.gains[modality]
                same([gain.difference.low[b], gain.difference.high[b], gain.p[b]], [low, high, chance])


def test_the_lab_shows_scikit_learns_precision_and_youdens_threshold(case):
    engine, reference, studies = case
    scored = score(engine, reference, studies).concordant()
    labels, p = scored.labels(FINDINGS), scored.probabilities(engine.network)
    found = measure_over_beta(engine.network, scored, resamples=40)
    single = engine.config.problem_type == SINGLE_LABEL
    for b in (0, 7, 20):
        same(found.overall.ece.value[b], pooled(labels, p[b], single), 1e-6)
        for k, finding in enumerate(FINDINGS):
            truth, scores, shown = labels[:, k], p[b, :, k], found.per_finding[finding]
            assert shown.positives == truth.sum()
            same(shown.ece.value[b], calibration_error(scores, truth), 1e-6)
            same(shown.average_precision.value[b], average_precision_score(truth, scores) if truth.any() else math.nan)
            if not 0 < truth.sum() < len(truth):
                assert np.isnan(shown.threshold.value[b])
                continue
            false, true, _ = roc_curve(truth, scores)
            called = scores >= shown.threshold.value[b]
            same(called[truth == 1].mean() - called[truth == 0].mean(), (true - false).max())


@pytest.mark.parametrize("seed", range(3))
def test_models_are_compared_as_counted_by_hand(seed):
    rng = np.random.default_rng(seed)
    n = (8, 40, 70)[seed]
    labels = rng.random((n, 2)) < (0.5, 0.03)
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(np.array(["A", "B"])[row].tolist()), f"p{rng.integers(n // 2)}", "test")
        for i, row in enumerate(labels)
    )
    made = {}
    for name in "ab":
        scores = {way: (labels + rng.normal(0, 1, (n, 2))).round(1) for way in WAYS}
        scores["image"][0] = np.nan if name == "a" else 0.5  # learnt by one of them: counts for neither
        made[name] = Decisions(("A", "B"), 0.5, "default", scores)
    found = compare_models(made, studies, resamples=60)
    truth, patients = labels[1:].astype(float), tuple(s.patient_id for s in studies[1:])
    assert (found.n, found.left_out, found.patients) == (n - 1, 1, len(set(patients)))
    sides = {
        f: min(len({q for q, y in zip(patients, truth[:, k], strict=True) if y == v}) for v in (0, 1))
        for k, f in enumerate("AB")
    }
    assert found.few == {f: side for f, side in sides.items() if side < LEAST}

    def macro(way, name, weights=None) -> float:
        areas = [area(truth[:, k], made[name].probabilities[way][1:, k], weights) for k in range(2)]
        return np.mean([a for a in areas if a == a] or [math.nan])

    counts = resample(patients, 60)
    for way in WAYS:
        rows = {name: np.array([macro(way, name, c) for c in counts]) for name in made}
        same(found.results["b"].auroc[way].value, macro(way, "b"))
        low, high, _ = resampled(rows["b"], max(sides.values()))
        same(found.results["b"].auroc[way][1:], [low, high])
        low, high, _ = resampled((rows["b"] - rows["a"]).round(12), max(sides.values()))
        same(found.results["b"].difference[way][1:], [low, high])


def loss_by_hand(coefficients, logits, labels, has, single) -> float:
    """The negative log-likelihood of held-out labels, with the prior, study by study."""
    total = 0.0
    for i, row in enumerate(labels):
        at = np.array(BETA_GRID) if has[i].all() else np.full(len(BETA_GRID), has[i, 0])
        z = logits[:, i] / np.exp(coefficients[0] + coefficients[1] * at + coefficients[2] * at**2)[:, None]
        p = softmax(z, 1) if single else expit(z)
        total -= np.log(p[:, row.argmax()]).sum() if single else np.where(row, np.log(p), np.log(1 - p)).sum()
    count = len(BETA_GRID) * len(labels) * (1 if single else labels.shape[1])
    return total / count + (np.asarray(coefficients) ** 2).sum() / len(labels)


@pytest.mark.parametrize("problem_type", [MULTI_LABEL, SINGLE_LABEL])
def test_the_temperature_is_the_likeliest_and_calibration_is_measured_on_other_patients(networks, problem_type):
    engine = networks["weighted" if problem_type == MULTI_LABEL else SINGLE_LABEL]
    network, rng, n = copy.deepcopy(engine.network), np.random.default_rng(3), 45
    labels = np.eye(3, dtype=bool)[rng.integers(0, 3, n)] if problem_type == SINGLE_LABEL else rng.random((n, 3)) < 0.4
    has = np.array([[1, 1], [1, 0], [0, 1]], np.float32)[rng.choice(3, n, p=(0.6, 0.2, 0.2))]
    raw = (3 * rng.normal(size=(len(BETA_GRID), n, 3)) + 3 * labels).astype(np.float32)
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(np.array(FINDINGS)[row].tolist()), f"p{i // 2}", "val", i == 3)
        for i, row in enumerate(labels)
    )

    def fitted(keep) -> np.ndarray:
        some = (raw[:, keep].astype(float), labels[keep], has[keep], problem_type == SINGLE_LABEL)
        return minimize(loss_by_hand, np.zeros(3), some, method="BFGS").x

    concordant, scored = np.arange(n) != 3, Scored(studies, has, raw)
    network.log_temperature.zero_()
    calibrate(network, scored)
    same(network.log_temperature, fitted(concordant), 0.02)
    parts = parts_of(studies)
    for patient in ("p0", "p7"):
        assert len({part for part, s in zip(parts, studies, strict=True) if s.patient_id == patient}) == 1
    _, coefficients = cross_fitted(scored, parts, network)
    same(coefficients[2], fitted(concordant & (parts != 2)), 0.02)
    # Of the studies that fitted it each part is calibrated by the others; the rest by the network's own temperature.
    own = Scored(studies, has, raw / _divisors(network.log_temperature.numpy(), has))
    chose = np.arange(n) < 40
    anew, part = recalibrated(own, chose, network).logits, parts_of(studies[:40])
    same(anew[:, 40:], own.logits[:, 40:])
    rest = np.append(part != 1, np.zeros(5, bool)) & concordant
    at = np.flatnonzero(part == 1)
    same(anew[:, at], raw[:, at] / _divisors(fitted(rest), has[at]), 0.1)


def _divisors(coefficients: np.ndarray, has: np.ndarray) -> np.ndarray:
    at = np.array([[beta if h.all() else h[0] for h in has] for beta in BETA_GRID])
    return np.exp(coefficients[0] + coefficients[1] * at + coefficients[2] * at**2)[..., None].astype(np.float32)


def test_the_gate_is_the_jackknife_of_patients(case):
    engine, reference, studies = case
    before = score(engine, reference, studies).concordant()
    rng = np.random.default_rng(1)
    after = before._replace(logits=(before.logits + rng.normal(0, 1, before.logits.shape)).astype(np.float32))
    found = compare_scored(engine.network, before, after)
    labels, patients = before.labels(FINDINGS), np.array([s.patient_id for s in before.studies])
    probabilities = [s.probabilities(engine.network) for s in (before, after)]

    def changes(keep) -> np.ndarray:
        areas = [
            [[area(labels[keep, k], p[BETA_GRID.index(b)][keep, k]) for k in range(3)] for b in GATE_BETAS]
            for p in probabilities
        ]
        return np.mean(areas[1], 0) - np.mean(areas[0], 0)

    names = sorted(set(patients))
    value, without = changes(patients != ""), np.array([changes(patients != name) for name in names])
    steady = ~np.isnan(np.vstack([value, without])).any(0)

    def jackknife(whole, parts) -> tuple[float, float, float]:
        m = len(parts)
        error = math.sqrt((m - 1) / m * ((parts - parts.mean()) ** 2).sum())
        return whole - t.ppf(0.975, m - 1) * error, whole + t.ppf(0.975, m - 1) * error, error

    for k, finding in enumerate(FINDINGS):
        ends = jackknife(value[k], without[:, k])[:2] if steady[k] else (math.nan, math.nan)
        same(found.per_finding[finding][1:], ends, 1e-6)
    if steady.any():
        low, high, error = jackknife(value[steady].mean(), without[:, steady].mean(1))
        same(found.macro, [value[steady].mean(), low, high], 1e-6)
        same(found.detectable, max((norm.ppf(0.975) + norm.ppf(0.8)) * error, 3 / len(names)), 1e-6)
        assert ("macro" in found.worse()) == (high < 0)
    else:
        assert math.isnan(found.macro.value)
        assert not found.decides()
    assert found.patients == len(names)


def test_decided_as_corrected_is_counted_by_hand(case):
    engine, reference, studies = case
    scored, rng = score(engine, reference, studies), np.random.default_rng(2)
    corrected = {
        s.study_id: Correction(s.study_id, {f: bool(rng.random() < 0.5) for f in FINDINGS[:2]}, 1, (), "", (), ())
        for s in studies[::2]
    }
    alike = []
    for i, study in enumerate(studies):
        p = alone(engine, reference, i, 0.3)
        for k, finding in enumerate(FINDINGS[:2]) if study.study_id in corrected else ():
            said = p[k] == p.max() if engine.config.problem_type == SINGLE_LABEL else p[k] >= 0.5
            alike.append(said == corrected[study.study_id].labels[finding])
    assert share_as_corrected(engine.network, scored, corrected, 0.31) == pytest.approx(np.mean(alike))
    assert share_as_corrected(engine.network, scored, {}, 0.31) is None


def distance(a: np.ndarray, b: np.ndarray, single: bool) -> float:
    """The Jensen–Shannon distance of two decisions, base 2; where findings are decided one by one, the greatest."""

    def between(p, q) -> float:
        m = (p + q) / 2
        terms = [(x * math.log2(x / z)) for side in (p, q) for x, z in zip(side, m, strict=True) if x > 0]
        return math.sqrt(max(sum(terms) / 2, 0))

    if single:
        return between(a, b)
    return max(between(np.array([x, 1 - x]), np.array([y, 1 - y])) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("marked", [True, False])
def test_the_alert_is_worth_what_is_counted_by_hand(networks, single, marked):
    engine = networks[SINGLE_LABEL if single else "weighted"]
    network, rng, n = copy.deepcopy(engine.network), np.random.default_rng(4), 80
    labels = np.eye(3, dtype=bool)[rng.integers(0, 3, n)] if single else rng.random((n, 3)) < 0.4
    torn = rng.random(n) < 0.25 * marked
    has = np.where(rng.random(n) < 0.1, 0, 1)
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(np.array(FINDINGS)[row].tolist()), f"p{i // 2}", "val", bool(torn[i]))
        for i, row in enumerate(labels)
    )
    image = 3.0 * labels - 1.5 + rng.normal(0, 0.7, (n, 3))
    told = np.where(torn[:, None], np.roll(labels, 1, 1), labels)
    report = 3.0 * told - 1.5 + rng.normal(0, 0.7, (n, 3))
    logits = np.stack([report] + [(report + image) / 2] * 19 + [image]).astype(np.float32)
    scored = Scored(studies, np.stack([np.ones(n), has], 1).astype(np.float32), logits)
    calibrate_alert(network, scored)
    slope, offset = float(network.discord_slope), float(network.discord_offset)
    assert slope > 0

    chance = (lambda z: softmax(z.astype(float))) if single else (lambda z: expit(z.astype(float)))
    kept = [i for i in range(n) if has[i]]
    pairs = [(i, i, bool(torn[i])) for i in kept]
    if not marked:
        order = np.random.default_rng(0).permutation(len(kept))
        pairs += [
            (i, kept[j], True) for i, j in zip(kept, order, strict=True) if studies[i].labels != studies[kept[j]].labels
        ]
    apart = np.array([distance(chance(logits[-1, i]), chance(logits[0, j]), single) for i, j, _ in pairs])
    foreign = np.array([f for *_, f in pairs])
    raised = slope * apart + offset >= 0
    found = alert_figures(network, scored)
    assert (found["against"], found["n"], found["n_apart"]) == (
        "discordant" if marked else "swapped",
        len(pairs),
        foreign.sum(),
    )
    same(found["auroc"], roc_auc_score(foreign, apart), 1e-4)
    same(found["raised_discordant"], raised[foreign].mean(), 1e-4)
    same(found["raised_concordant"], raised[~foreign].mean(), 1e-4)
    same(found["precision"], foreign[raised].mean(), 1e-4)
    same(found["prevalence"], foreign.mean(), 1e-4)
    for k, finding in enumerate(FINDINGS):
        those = np.array([not f and labels[i, k] for i, _, f in pairs])
        assert found["n_of"][finding] == those.sum()
        same(found["false_alarms"][finding], raised[those].mean(), 1e-4)

    # Measured on what it was calibrated on, each part of the patients is judged by what the others teach.
    parts, counts = parts_of(tuple(studies[i] for i in kept)), np.zeros(4)
    for part in range(5):
        rest = [i for i, p in zip(kept, parts, strict=True) if p != part]
        other = copy.deepcopy(network)
        calibrate_alert(other, scored.where(np.isin(np.arange(n), rest)))
        there = [i for i, p in zip(kept, parts, strict=True) if p == part]
        for i in there:
            d = distance(chance(logits[-1, i]), chance(logits[0, i]), single)
            is_raised = float(other.discord_slope) * d + float(other.discord_offset) >= 0
            counts[2 * torn[i] : 2 * torn[i] + 2] += (is_raised, 1)
    crossed = alert_figures(network, scored, in_sample=True)
    same(crossed["raised_concordant"], counts[0] / counts[1], 1e-4)
    if marked:
        same(crossed["raised_discordant"], counts[2] / counts[3], 1e-4)


def test_an_alert_is_the_balanced_logistic_regression_of_swapped_pairs(networks):
    network, rng, n = copy.deepcopy(networks["gated"].network), np.random.default_rng(5), 50
    labels = rng.random((n, 3)) < 0.4
    studies = tuple(
        Study(f"s{i}", None, "", frozenset(np.array(FINDINGS)[row].tolist()), f"p{i}", "val")
        for i, row in enumerate(labels)
    )
    sides = [(2.0 * labels - 1 + rng.normal(0, 0.8, (n, 3))).astype(np.float32) for _ in range(2)]
    scored = Scored(studies, np.ones((n, 2), np.float32), np.stack([sides[0]] * 20 + [sides[1]]))
    calibrate_alert(network, scored)
    order = np.random.default_rng(0).permutation(n)
    own = [distance(expit(sides[1][i]), expit(sides[0][i]), False) for i in range(n)]
    other = [
        distance(expit(sides[1][i]), expit(sides[0][j]), False)
        for i, j in enumerate(order)
        if studies[i].labels != studies[j].labels
    ]
    x, y = np.array(own + other), np.repeat([-1.0, 1.0], [len(own), len(other)])
    weight = len(x) / 2 / np.where(y > 0, len(other), len(own))

    def loss(w) -> float:
        return 0.5 * w[0] ** 2 + 100 * (weight * np.log1p(np.exp(-y * (w[0] * x + w[1])))).sum()

    slope, offset = minimize(loss, (1.0, 0.0), method="BFGS").x
    assert float(network.discord_slope) == pytest.approx(slope, rel=1e-3)
    assert float(network.discord_offset) == pytest.approx(offset, rel=1e-3, abs=1e-3)
