"""Every fusion can be explained at every β, whichever files there are."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from helpers import REPORT, random_film, small_network

import explain
from explain.methods import method
from model.engine import Engine
from model.fusions import fusion_names
from model.network import Pooled

BETWEEN = tuple((explain.NODES[:-1] + explain.NODES[1:]) / 2)


@pytest.fixture(scope="module", params=fusion_names())
def engine(request) -> Engine:
    network = small_network(fusion=request.param, image_weights="none", report_layers=0)
    return Engine(network, request.param, torch.device("cpu"))


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(), REPORT)


@pytest.mark.parametrize("size", [1, 3])
def test_the_nodes_say_everything_between_them(engine, encoded, size):
    """Also where training has let the fusion lean as far as it can."""
    engine = Engine(copy.deepcopy(engine.network), f"{engine.digest}-{size}", engine.device)
    for parameter in engine.network.fusion.parameters():
        parameter.mul_(size)
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    direct = method("image", "gradcam").explain(explain.Question(engine, encoded, 1, BETWEEN)).scores
    logits = engine.logits(encoded, np.array(BETWEEN))[:, 1].numpy()
    assert np.ptp(logits) > 0
    for beta, map_, logit in zip(BETWEEN, direct, logits, strict=True):
        assert explain.interpolate(found.logit, beta) == pytest.approx(logit, abs=1e-4)
        assert np.abs(explain.interpolate(found.cam, beta) - map_).max() <= 1e-4 * np.abs(direct).max()


def test_all_the_evidence_is_there_and_adds_up(engine):
    found = explain.evidence(engine, engine.encode(random_film(), "A small effusion."), "Effusion")
    np.testing.assert_allclose(found.contributions.sum(1), found.logit - found.reference_logit, atol=1e-6)
    assert found.contributions[[0, -1], [0, 1]] == pytest.approx([0, 0], abs=1e-6)
    assert found.report_error <= 0.01
    assert np.abs(found.word_scores[-1]).max() <= 1e-5 * np.abs(found.word_scores).max()
    assert np.abs(found.cam[0]).max() <= 1e-5 * np.abs(found.cam).max()


@pytest.mark.parametrize("beta", [0.05, 0.5, 1.0])
def test_grad_cam_is_captums(engine, encoded, beta):
    network = engine.network

    def logit(films):
        pooled = Pooled(network.pool_map(network.feature_map(films)), encoded.pooled.report)
        return network(pooled, torch.tensor([[beta]]))[:, 1]

    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)
    expected = LayerGradCam(logit, network.neck).attribute(encoded.square.clone().requires_grad_())
    largest = np.abs(found.cam).max()
    np.testing.assert_allclose(explain.interpolate(found.cam, beta), expected[0, 0].detach(), atol=1e-5 * largest)


@pytest.mark.parametrize(("film", "report", "beta"), [(random_film(), "", 1.0), (None, REPORT, 0.0)])
def test_a_missing_modality_is_an_end_of_beta(engine, film, report, beta):
    case = engine.encode(film, report)
    whole = engine.encode(random_film(), REPORT)
    alone = engine.probabilities(case, np.array([0.3]))
    np.testing.assert_allclose(alone, engine.probabilities(whole, np.array([beta])), atol=1e-6)
