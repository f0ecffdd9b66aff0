"""Image encoders of torchxrayvision (Cohen et al., MIDL 2022): networks trained on some hundred thousand chest films.

Their published weights are of those films, not of ImageNet: `betalens weights fetch` brings them on to this machine,
and `image_weights` needs to name no file then. Importing the package here would put a package of its own called `model`
before ours, so its networks, which are torchvision's for one channel, are made here.
"""

from pathlib import Path

import torchvision
from torch import Tensor, nn

from model.errors import EncoderError
from model.network.encoders.base import ImageEncoder, Layers, cut, flat, load_weights, no_such_map, read_weights
from model.storage.weights_cache import fetched_weights

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
    model = untrained(name)
    layers = list(flat(getattr(model, "features", model)))
    place = cut(layers, side, stride, channels=1)
    if not place.layers:
        raise no_such_map(f"torchxrayvision/{name}", stride, side)
    trunk = Layers(*layers[: place.layers], finer=cut(layers, side, place.cell // 2, channels=1).layers)
    if weights != "none":
        load_weights(model, trunk, _tensors(name, weights), f"torchxrayvision/{name}")
    early = layers[: cut(layers, side, frozen_stride, channels=1).layers]
    return ImageEncoder(trunk, early, place.channels, MEAN, STD)


def untrained(name: str, outputs: int = 1000) -> nn.Module:
    """The whole classifier `name`, under the names of its published tensors."""
    model = torchvision.models.get_model(name.partition("-")[0], weights=None, num_classes=outputs)
    first = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if name.startswith("densenet"):
        model.get_submodule("features").conv0 = first
    else:
        model.conv1 = first
    return model


def classifier_tensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a classifier in a file of weights, as `untrained` names them.

    Raises:
        EncoderError: as `read_weights`.
    """
    # The package's ResNet holds torchvision's as a part.
    return {key.removeprefix("model."): tensor for key, tensor in read_weights(path).items()}


def _tensors(name: str, weights: str) -> dict[str, Tensor]:
    if weights != "imagenet":
        return classifier_tensors(weights)
    if (folder := fetched_weights(name)) is None:
        raise EncoderError(
            f"The published weights of torchxrayvision/{name} are not on this machine, and training fetches nothing: "
            f"`betalens weights fetch {name}` does, or give their file as image_weights."
        )
    return classifier_tensors(folder)
