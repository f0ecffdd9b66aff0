"""Image encoders of torchxrayvision (Cohen et al., MIDL 2022): networks trained on some hundred thousand chest films.

Their published weights are of those films, not of ImageNet: `image_weights` keeps its default, and the name says which
(`densenet121-res224-all`, `-nih`, `-pc`, `-chex`, `-rsna`, `-mimic_nb`, `-mimic_ch`, and `resnet50-res512-all`).
"""

import contextlib
import sys
from collections import OrderedDict

import torch
import torchvision
from torch import Tensor, nn

from model.encoders.base import ImageEncoder, cut, flat, load_weights, no_such_map, read_weights, weights_not_here
from model.errors import EncoderError

# They take one channel with values from -1024 to 1024.
MEAN, STD = (0.5,), (1 / 2048,)


def build(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of torchxrayvision, cut after its last feature map of at most `stride` pixels a cell."""
    from torchxrayvision.models import model_urls  # the package takes seconds to import

    known = [n for n in model_urls if "-res" in n]
    if name not in known:
        raise EncoderError(f"torchxrayvision has no model {name!r}; it has {', '.join(known)}.")
    model = _model(name)
    layers = list(flat(getattr(model, "features", model)))
    place = cut(layers, side, stride, channels=1)
    if not place.layers:
        raise no_such_map(f"torchxrayvision/{name}", stride, side)
    trunk = nn.Sequential(*layers[: place.layers])
    if weights != "none":
        load_weights(model, trunk, _tensors(name, weights), f"torchxrayvision/{name}")
    early = layers[: cut(layers, side, frozen_stride, channels=1).layers]
    return ImageEncoder(trunk, early, place.channels, MEAN, STD)


def _model(name: str) -> nn.Module:
    """The untrained model, as torchxrayvision makes it before it loads the weights."""
    if name.startswith("densenet121"):
        from torchxrayvision.models import DenseNet

        return DenseNet()
    model = torchvision.models.resnet50(num_classes=18)
    model.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    return model


def _tensors(name: str, weights: str) -> dict[str, Tensor]:
    from torchxrayvision import models

    if weights == "imagenet":
        try:
            with contextlib.redirect_stdout(sys.stderr):  # where its progress does not mix with results
                weights = models.get_weights(name)
        except Exception as error:  # urllib's or requests', of many kinds
            raise weights_not_here(f"torchxrayvision/{name}") from error
    # The files of the DenseNets hold whole networks: of these classes, and of no others.
    ours = [models.DenseNet, models._DenseBlock, models._DenseLayer, models._Transition, OrderedDict, set]
    torchs = [nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Linear]
    with torch.serialization.safe_globals(ours + torchs):
        return read_weights(weights)
