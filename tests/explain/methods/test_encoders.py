"""Grad-CAM works for every source of image encoders, convolutional or transformer."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from helpers import REPORT, random_film, small_network

import explain
from model.inference.engine import Engine
from model.network.network import Pooled

ENCODERS = ["timm/test_vit", "torchvision/swin_t", "torchvision/inception_v3", "torchxrayvision/densenet121-res224-all"]


@pytest.mark.parametrize("name", ENCODERS)
def test_grad_cam_is_captums(name):
    network = small_network(image_encoder=name, image_weights="none", report_layers=0)
    engine = Engine(network, name, torch.device("cpu"))
    encoded = engine.encode(random_film(), REPORT)
    found = explain.evidence(engine, encoded, "Effusion", **explain.INSTANT)

    def logit(films):
        pooled = Pooled(network.pool_map(network.feature_map(films)), encoded.pooled.report)
        return network(pooled, torch.tensor([[0.7]]))[:, 1]

    expected = LayerGradCam(logit, network.neck).attribute(encoded.square.clone().requires_grad_())
    ours = explain.interpolate(found.cam, 0.7)
    assert np.abs(ours).max() > 0
    np.testing.assert_allclose(ours, expected[0, 0].detach(), atol=1e-4 * np.abs(ours).max())
