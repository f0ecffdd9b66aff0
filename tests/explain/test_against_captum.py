"""Factored explanations are what captum computes with hooks, at every β."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, LayerIntegratedGradients
from helpers import REPORT, random_film

import explain
from explain.gradcam import heatmap
from explain.tokens import integrated_gradients
from model.network import Pooled
from model.preprocess import fit_film

BETAS = (0.0, 0.07, 0.33, 0.5, 0.81, 1.0)


@pytest.fixture(scope="module")
def encoded(engine):
    return engine.encode(random_film(), REPORT)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_grad_cam_is_captums(engine, encoded, index):
    network = engine.network

    def logit(films, beta):
        pooled = network.pool_map(network.feature_map(films))
        report = encoded.pooled.report.expand(len(films), -1)
        return network(Pooled(pooled, report), torch.full((len(films), 1), beta))[:, index]

    square, _ = fit_film(random_film().pixels, engine.config.image_size)
    films = torch.from_numpy(square)[None, None].requires_grad_()
    evidence = explain.evidence(engine, encoded, engine.findings[index], exact=False)
    reference = {b: LayerGradCam(logit, network.neck).attribute(films, additional_forward_args=b) for b in BETAS}
    largest = max(r.abs().max().item() for r in reference.values())
    assert largest > 0
    for beta, expected in reference.items():
        ours = explain.interpolate(evidence.cam, beta)
        assert np.abs(ours - expected[0, 0].detach().numpy()).max() <= 1e-5 * largest


@pytest.mark.parametrize("beta", [0.0, 0.4, 0.9])
def test_integrated_gradients_are_captums(engine, encoded, beta):
    network, tokens = engine.network, encoded.tokens

    def logit(ids, mask):
        report = network.pool_report(ids, mask)
        return network(Pooled(encoded.pooled.image.expand(len(ids), -1), report), torch.full((len(ids), 1), beta))[:, 1]

    layer = network.report_encoder.bert.get_input_embeddings()
    baseline = torch.where(tokens.special, tokens.ids, network.report_encoder.tokenizer.pad_token_id)
    expected = LayerIntegratedGradients(logit, layer).attribute(
        tokens.ids, baselines=baseline, additional_forward_args=(tokens.mask,), n_steps=200, internal_batch_size=25
    )
    expected = expected.sum(-1)[0].detach().numpy()
    ours = integrated_gradients(engine, encoded, 1)
    difference = explain.interpolate(ours.scores, beta) - expected
    assert np.linalg.norm(difference) <= 0.01 * np.linalg.norm(expected)
    assert ours.completeness_error <= 0.01


def test_no_hook_is_left_behind(engine, encoded):
    explain.evidence(engine, encoded, "Effusion")
    assert not any(m._forward_hooks or m._backward_hooks or m._forward_pre_hooks for m in engine.network.modules())


def test_heatmap_is_torchvisions_upsampling_where_the_film_is_square(engine):
    case = engine.encode(random_film(3, 160, 160), "")
    cam = explain.evidence(engine, case, "Effusion").cam[-1]
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(cam).clamp(min=0)[None, None], (160, 160), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(heatmap(cam, case.box, 160, 160), expected[0, 0].numpy(), atol=1e-5)


def test_heatmap_leaves_out_the_padding_of_a_narrow_film(engine):
    case = engine.encode(random_film(4, 200, 100), "")
    assert case.box == pytest.approx((0, 0.25, 1, 0.5))
    cam = np.zeros((8, 8), np.float32)
    cam[:, :2] = 1  # heat in the black bar beside the film
    assert heatmap(cam, case.box, 200, 100)[:, 20:].max() == 0
