"""Image encoders of torchvision: any of its classification models, convolutional or transformer."""

import re
from collections import OrderedDict

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import GoogLeNet, Inception3, MaxVit, SwinTransformer, VisionTransformer
from torchvision.models.vision_transformer import interpolate_embeddings
from torchvision.ops import Permute

from model.errors import EncoderError
from model.network.encoders.base import (
    ImageEncoder,
    Layers,
    cut,
    flat,
    frozen_blocks,
    load_weights,
    no_such_map,
    not_installed,
    read_weights,
)

# What torchvision's own transforms normalise with; the two Inceptions normalise once more, to these.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INCEPTION_MEAN, INCEPTION_STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)

# What those take that are made for one side alone, or warn where they are not told how to begin.
SIDED = {
    VisionTransformer: lambda side: {"image_size": side},
    MaxVit: lambda side: {"input_size": (side, side)},
    GoogLeNet: lambda _: {"init_weights": True},
    Inception3: lambda _: {"init_weights": True},
}


class Patches(nn.Module):
    """What a vision transformer makes of the patches of a film, laid out as a map; the class token is left out."""

    def __init__(self, vit: VisionTransformer):
        super().__init__()
        self.conv_proj, self.class_token, self.encoder = vit.conv_proj, vit.class_token, vit.encoder

    def forward(self, x: Tensor) -> Tensor:
        patches = self.conv_proj(x)
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), patches.flatten(2).transpose(1, 2)], 1)
        return self.encoder(tokens)[:, 1:].transpose(1, 2).unflatten(2, patches.shape[2:])


def build(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of torchvision, cut after its last feature map of at most `stride` pixels a cell."""
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise EncoderError(
            f"torchvision has no model {name!r}; it has {', '.join(known[:3])} and {len(known) - 3} more."
        )
    model = _model(name, side)
    layers = _layers(model)
    to_map = Permute([0, 3, 1, 2]) if isinstance(model, SwinTransformer) else None
    place = cut(layers, side, stride, to_map=to_map)
    if not place.layers:
        raise no_such_map(f"torchvision/{name}", stride, side)
    finer = cut(layers, side, place.cell // 2, to_map=to_map)
    trunk = Layers(*layers[: place.layers], finer=finer.layers, to_map=to_map)
    if weights != "none":
        load_weights(model, trunk, _tensors(name, model, weights), f"torchvision/{name}")
    if isinstance(model, VisionTransformer):
        blocks = list(model.encoder.layers)
        frozen = blocks[: frozen_blocks(len(blocks), model.patch_size, frozen_stride)]
        early = [model.conv_proj, model.class_token, model.encoder.pos_embedding, *frozen] if frozen else []
    else:
        early = layers[: cut(layers, side, frozen_stride, to_map=to_map).layers]
    normal = (INCEPTION_MEAN, INCEPTION_STD) if isinstance(model, GoogLeNet | Inception3) else (MEAN, STD)
    return ImageEncoder(trunk, early, place.channels, *normal)


def _model(name: str, side: int) -> nn.Module:
    """The untrained model for films of that side.

    Raises:
        EncoderError: it is made for other sides.
    """
    kind = torchvision.models.get_model_builder(name).__annotations__["return"]
    try:
        return torchvision.models.get_model(name, weights=None, **SIDED.get(kind, lambda _: {})(side))
    except (AssertionError, ValueError) as error:
        raise EncoderError(
            f"torchvision/{name} is not made for image_size {side}; choose a multiple of 224."
        ) from error


def _layers(model: nn.Module) -> list[nn.Module]:
    """What runs one after the other from film to feature maps; classifiers beside the trunk are left out."""
    if isinstance(model, VisionTransformer):
        return [Patches(model)]
    beside = {id(getattr(model, name, None)) for name in ("AuxLogits", "aux1", "aux2")}
    return [layer for layer in flat(getattr(model, "features", model)) if id(layer) not in beside]


def _tensors(name: str, model: nn.Module, weights: str) -> dict[str, Tensor]:
    if weights == "imagenet":
        published = torchvision.models.get_model_weights(name)["DEFAULT"]
        raise not_installed(f"torchvision/{name}", f"{published} is {published.url.rpartition('/')[2]}")
    tensors = read_weights(weights)
    if isinstance(model, VisionTransformer):
        return interpolate_embeddings(model.image_size, model.patch_size, OrderedDict(tensors))
    # The published DenseNets have the names of another time.
    return {re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.", r"\1\2.", k): t for k, t in tensors.items()}
