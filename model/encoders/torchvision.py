"""Image encoders of torchvision: any of its classification CNNs."""

import torch
import torchvision
from torch import nn

from model.encoders.base import ImageEncoder, read_weights
from model.errors import EncoderError

# What torchvision's own transforms normalise with.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def build(name: str, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of torchvision, cut after its last feature map of at most `stride` pixels a cell."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise EncoderError(
            f"torchvision has no model {name!r}; it has {', '.join(known[:3])} and {len(known) - 3} more."
        )
    model = _with_weights(name, weights)
    layers = list(getattr(model, "features", model).children())
    trunk, channels = _cut(layers, stride)
    if trunk is None:
        raise EncoderError(f"torchvision/{name} has no feature map of {stride} pixels a cell; choose another encoder.")
    early, _ = _cut(layers, frozen_stride)
    return ImageEncoder(trunk, [early] if early else [], channels, MEAN, STD)


@torch.no_grad()
def _cut(layers: list[nn.Module], stride: int) -> tuple[nn.Sequential | None, int]:
    """The longest run of `layers` from the first that still gives a map of `stride` pixels a cell, and its channels."""
    side, x, best = 256, torch.zeros(1, 3, 256, 256), (None, 0)
    for i, layer in enumerate(layers, start=1):
        try:
            x = layer.eval()(x)
        except RuntimeError:  # a classifier that expects a flat vector: the maps end here
            break
        if x.ndim != 4 or x.shape[-1] * stride < side:
            break
        best = nn.Sequential(*layers[:i]), x.shape[1]
    return best


def _with_weights(name: str, weights: str) -> nn.Module:
    if weights == "none":
        return torchvision.models.get_model(name, weights=None)
    if weights == "imagenet":
        try:
            return torchvision.models.get_model(name, weights="DEFAULT")
        except Exception as error:  # urllib's, of many kinds
            raise EncoderError(
                f"The ImageNet weights of torchvision/{name} are not on this machine and could not be fetched; "
                "put the file here and give its path as image_weights, or use timm/tf_efficientnet_lite0."
            ) from error
    model = torchvision.models.get_model(name, weights=None)
    try:
        model.load_state_dict(read_weights(weights))
    except RuntimeError as error:
        raise EncoderError(f"{weights} does not hold the tensors of torchvision/{name}.") from error
    return model
