"""Image and report that do not belong together are told from those that do."""

import copy

import numpy as np
import pytest
import torch
from helpers import REPORT, random_film, small_network
from sklearn.metrics import roc_auc_score

import explain
from explain.discordance import calibrate, scores, told_apart
from model.data import Study
from model.engine import Engine
from model.reference import Reference
from model.scored import score


@pytest.fixture
def fresh() -> Engine:
    return Engine(copy.deepcopy(small_network()), "untrained", torch.device("cpu"))


def made_up(engine, n: int = 60, agree: float = 1.0) -> tuple[Reference, tuple[Study, ...]]:
    """Studies whose image and report embeddings push one finding each, the same one with probability `agree`."""
    rng, width = np.random.default_rng(0), engine.config.width
    with torch.no_grad():
        engine.network.head.out.weight.copy_(torch.eye(3, width) * 8)
        engine.network.head.alpha = 0
    image, report, studies = np.zeros((n, width), np.float32), np.zeros((n, width), np.float32), []
    for i in range(n):
        k = int(rng.integers(3))
        other = k if rng.random() < agree else (k + 1) % 3
        image[i, :3] = report[i, :3] = -1
        image[i, k], report[i, other] = 1, 1
        image[i, :3] += rng.normal(0, 0.4, 3)
        studies.append(Study(f"s{i}", None, "r", frozenset({engine.findings[k]}), f"s{i}", "val", k != other))
    has = np.ones((n, 2), np.float32)
    return Reference(tuple(s.study_id for s in studies), image, report, has), tuple(studies)


def test_calibration_tells_swapped_pairs_from_own_ones(fresh):
    calibrate(fresh.network, score(fresh, *made_up(fresh)))
    reference, studies = made_up(fresh, 80, agree=0.5)
    odds = float(fresh.network.discord_slope) * scores(fresh, reference, studies) + float(fresh.network.discord_offset)
    discordant = np.array([s.discordant for s in studies])
    assert fresh.network.discord_slope > 0
    assert ((odds > 0) == discordant).mean() > 0.9
    told = told_apart(fresh, reference, studies)
    assert told["n"] == 80
    assert told["auroc"] == pytest.approx(roc_auc_score(discordant, odds), abs=1e-4)
    assert told["raised_discordant"] == pytest.approx((odds > 0)[discordant].mean(), abs=1e-4)
    assert told["raised_concordant"] == pytest.approx((odds > 0)[~discordant].mean(), abs=1e-4)
    alike = tuple(s for s in studies if s.discordant)
    assert told_apart(fresh, reference, alike) is None


def test_too_few_studies_leave_a_model_uncalibrated(fresh):
    reference, studies = made_up(fresh, 8)
    calibrate(fresh.network, score(fresh, reference, studies))
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
