"""Image and report that do not belong together are told from those that do."""

import copy

import numpy as np
import pytest
import torch
from helpers import REPORT, made_up, random_film, small_network
from sklearn.metrics import roc_auc_score

import explain
from explain.every_beta.discordance import alert_figures, calibrate_alert, scores
from model.inference.engine import Engine
from model.inference.predictions import score


@pytest.fixture
def fresh() -> Engine:
    return Engine(copy.deepcopy(small_network()), "untrained", torch.device("cpu"))


def test_calibration_tells_swapped_pairs_from_own_ones(fresh):
    calibrate_alert(fresh.network, score(fresh, *made_up(fresh)))
    reference, studies = made_up(fresh, 80, agree=0.5)
    odds = float(fresh.network.discord_slope) * scores(fresh, reference, studies) + float(fresh.network.discord_offset)
    discordant = np.array([s.discordant for s in studies])
    assert fresh.network.discord_slope > 0
    assert ((odds > 0) == discordant).mean() > 0.9
    told = alert_figures(fresh.network, score(fresh, reference, studies))
    assert told["n"] == 80
    assert told["auroc"] == pytest.approx(roc_auc_score(discordant, odds), abs=1e-4)
    assert told["raised_discordant"] == pytest.approx((odds > 0)[discordant].mean(), abs=1e-4)
    assert told["raised_concordant"] == pytest.approx((odds > 0)[~discordant].mean(), abs=1e-4)
    alike = tuple(s for s in studies if s.discordant)
    assert alert_figures(fresh.network, score(fresh, reference, alike)) is None


def test_too_few_studies_leave_a_model_uncalibrated(fresh):
    reference, studies = made_up(fresh, 8)
    calibrate_alert(fresh.network, score(fresh, reference, studies))
    assert fresh.network.discord_slope == 0
    assert explain.discordance(fresh, fresh.encode(random_film(), REPORT)) is None


def test_a_case_says_on_what_its_parts_differ(fresh):
    fresh.network.discord_slope.fill_(8.0)
    encoded = fresh.encode(random_film(), REPORT)
    found = explain.discordance(fresh, encoded)
    report, image = fresh.probabilities(encoded, np.array([0.0, 1.0]))
    index = fresh.findings.index(found.finding)
    assert abs(image - report).max() == pytest.approx(abs(found.image - found.report))
    assert (found.image, found.report) == pytest.approx((image[index], report[index]))
    assert found.alert == (found.probability >= 0.5)


def test_a_case_with_one_modality_has_none(fresh):
    fresh.network.discord_slope.fill_(8.0)
    assert explain.discordance(fresh, fresh.encode(random_film(), "")) is None


@pytest.mark.parametrize("seed", range(5))
def test_an_alert_is_never_fitted_to_chance_or_upside_down(fresh, seed):
    """Image and report that know nothing of one another, and such as differ most where they belong together."""
    reference, studies = made_up(fresh, 60, agree=1.0)
    rng = np.random.default_rng(seed)
    unrelated = reference._replace(report=reference.report[rng.permutation(60)])
    calibrate_alert(fresh.network, score(fresh, unrelated, studies))
    slope = float(fresh.network.discord_slope)
    assert slope >= 0
    upside_down = reference._replace(report=-reference.report)
    calibrate_alert(fresh.network, score(fresh, upside_down, studies))
    assert fresh.network.discord_slope == 0
    assert fresh.network.discord_offset == 0


def test_precision_and_false_alarms_are_counted_by_hand(fresh):
    calibrate_alert(fresh.network, score(fresh, *made_up(fresh)))
    reference, studies = made_up(fresh, 80, agree=0.7)
    odds = float(fresh.network.discord_slope) * scores(fresh, reference, studies) + float(fresh.network.discord_offset)
    told = alert_figures(fresh.network, score(fresh, reference, studies))
    raised = [s for s, o in zip(studies, odds, strict=True) if o >= 0]
    assert told["precision"] == pytest.approx(sum(s.discordant for s in raised) / len(raised), abs=1e-4)
    assert told["prevalence"] == pytest.approx(sum(s.discordant for s in studies) / 80, abs=1e-4)
    for finding in fresh.findings:
        kind = [s for s in studies if not s.discordant and finding in s.labels]
        assert told["false_alarms"][finding] == pytest.approx(sum(s in raised for s in kind) / len(kind), abs=1e-4)
