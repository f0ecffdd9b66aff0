"""Image encoders of torchxrayvision (Cohen et al., MIDL 2022): networks trained on some hundred thousand chest films.

Their published weights are of those films, not of ImageNet, and are whole pickled networks, which nothing here reads:
the package itself saves their tensors, in a process of its own, and `image_weights` names that file. Importing the
package here would put a package of its own called `model` before ours, so its networks, which are torchvision's for one
channel, are made here.
"""

import torchvision
from torch import Tensor, nn

from model.errors import EncoderError
from model.network.encoders.base import (
    ImageEncoder,
    Layers,
    cut,
    flat,
    load_weights,
    no_such_map,
    not_installed,
    read_weights,
)

# What the package calls its networks.
NAMES = (
    *(f"densenet121-res224-{data}" for data in ("all", "nih", "pc", "chex", "rsna", "mimic_nb", "mimic_ch")),
    "resnet50-res512-all",
)

MEAN, STD = (0.5,), (1 / 2048,)  # they take one channel with values from -1024 to 1024


def build(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of torchxrayvision, cut after its last feature map of at most `stride` pixels a cell."""
    if name not in NAMES:
        raise EncoderError(f"torchxrayvision has no model {name!r}; it has {', '.join(NAMES)}.")
    model = _model(name)
    layers = list(flat(getattr(model, "features", model)))
    place = cut(layers, side, stride, channels=1)
    if not place.layers:
        raise no_such_map(f"torchxrayvision/{name}", stride, side)
    trunk = Layers(*layers[: place.layers], finer=cut(layers, side, place.cell // 2, channels=1).layers)
    if weights != "none":
        load_weights(model, trunk, _tensors(name, weights), f"torchxrayvision/{name}")
    early = layers[: cut(layers, side, frozen_stride, channels=1).layers]
    return ImageEncoder(trunk, early, place.channels, MEAN, STD)


def _model(name: str) -> nn.Module:
    """The untrained model."""
    model = torchvision.models.get_model(name.partition("-")[0], weights=None)
    first = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if name.startswith("densenet"):
        model.get_submodule("features").conv0 = first
    else:
        model.conv1 = first
    return model


def _tensors(name: str, weights: str) -> dict[str, Tensor]:
    if weights == "imagenet":
        kind = "DenseNet" if name.startswith("densenet") else "ResNet"
        network = f"xrv.models.{kind}(weights='{name}')"
        save = f"import torch, torchxrayvision as xrv; torch.save({network}.state_dict(), 'weights.pt')"
        raise not_installed(f"torchxrayvision/{name}", f'saved by: python -c "{save}"')
    # The package's ResNet holds torchvision's as a part.
    return {key.removeprefix("model."): tensor for key, tensor in read_weights(weights).items()}
