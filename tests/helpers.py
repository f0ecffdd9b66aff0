"""What several tests are made with."""

import numpy as np
import torch

from model.config import Config
from model.inputs import Film
from model.network import Network

REPORT = "The heart is enlarged. There is a small left pleural effusion. No pneumothorax is seen."


def random_film(seed: int = 0, height: int = 200, width: int = 160) -> Film:
    """A film of smooth noise: what an engine can be run on without a picture at hand."""
    coarse = np.random.default_rng(seed).random((8, 8), np.float32)
    pixels = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None, None], (height, width), mode="bicubic")
    return Film(pixels[0, 0].clamp(0, 1).numpy(), f"film-{seed}-{height}x{width}", "png")


def small_network(**fields) -> Network:
    """An untrained network with the packaged encoders and three findings."""
    torch.manual_seed(0)
    config = {"findings": ("Cardiomegaly", "Effusion", "Pneumothorax"), "image_size": 128, "image_channels": 64}
    network = Network(Config(**(config | fields)))
    # Untrained normalisation layers let little of a film through; these make every path count.
    network.image_reference.normal_(0, 0.1)
    network.report_reference.normal_(0, 0.1)
    return network.eval()
