"""Image encoders of torchxrayvision (Cohen et al., MIDL 2022): networks trained on some hundred thousand chest films.

Their published weights are of those films, not of ImageNet: `image_weights` keeps its default, and the name says which
films. Importing the package would put a package of its own called `model` before ours, so its networks, which are
torchvision's for one channel, are made here, and its files are read without it.
"""

import pickle
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from model.encoders.base import ImageEncoder, cut, fetching, flat, load_weights, no_such_map, read_weights
from model.errors import EncoderError

# The files that the package fetches, and where it keeps them.
URL = "https://github.com/mlmed/torchxrayvision/releases/download/v1"
DENSENET = "{}-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
FILES = {
    "densenet121-res224-all": DENSENET.format("nih-pc-chex-mimic_ch-google-openi-kaggle"),
    "densenet121-res224-nih": DENSENET.format("nih"),
    "densenet121-res224-pc": DENSENET.format("pc"),
    "densenet121-res224-chex": DENSENET.format("chex"),
    "densenet121-res224-rsna": DENSENET.format("kaggle"),
    "densenet121-res224-mimic_nb": DENSENET.format("mimic_nb"),
    "densenet121-res224-mimic_ch": DENSENET.format("mimic_ch"),
    "resnet50-res512-all": "pc-nih-rsna-siim-vin-resnet50-test512-e400-state.pt",
}
CACHE = "~/.torchxrayvision/models_data"

MEAN, STD = (0.5,), (1 / 2048,)  # they take one channel with values from -1024 to 1024


class _Part(nn.Module):
    """Stands for a network or a layer that a file holds: its tensors are read, it is never run."""


class _Unpickler(pickle.Unpickler):
    """Knows tensors and networks, and nothing else: whole networks are in the files, and no code in them is run."""

    KNOWN = (
        *(("collections", "OrderedDict"), ("builtins", "set"), ("__builtin__", "set")),
        *(("torch", "FloatStorage"), ("torch", "LongStorage")),
        *(("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")),
    )

    def find_class(self, module: str, name: str) -> Any:
        if module == "torchxrayvision.models" or module.startswith("torch.nn.modules."):
            return _Part
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a network")
        return super().find_class(module, name)


def build(name: str, side: int, stride: int, frozen_stride: int, weights: str) -> ImageEncoder:
    """The encoder `name` of torchxrayvision, cut after its last feature map of at most `stride` pixels a cell."""
    if name not in FILES:
        raise EncoderError(f"torchxrayvision has no model {name!r}; it has {', '.join(FILES)}.")
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
    """The untrained model."""
    model = torchvision.models.get_model(name.partition("-")[0], weights=None)
    first = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if name.startswith("densenet"):
        model.features.conv0 = first
    else:
        model.conv1 = first
    return model


def _tensors(name: str, weights: str) -> dict[str, Tensor]:
    if weights == "imagenet":
        path = Path(CACHE).expanduser() / FILES[name]
        with fetching(f"torchxrayvision/{name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                torch.hub.download_url_to_file(f"{URL}/{path.name}", str(path), progress=False)
        weights = str(path)
    return read_weights(weights, _load)


def _load(path: Path) -> Any:
    """What a file holds: a network gives its tensors. PyTorch's own safe reader refuses files as old as these."""
    options = {"__name__": "pickle", "Unpickler": _Unpickler, "load": lambda file, **o: _Unpickler(file, **o).load()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.serialization.SourceChangeWarning)  # of the parts, which are not run
        loaded = torch.load(path, map_location="cpu", pickle_module=SimpleNamespace(**options), weights_only=False)
    return loaded.state_dict() if isinstance(loaded, nn.Module) else loaded
