"""What an image encoder promises, how a trunk is cut to a feature map, and how its weights are read."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from model.errors import EncoderError
from model.storage.files import file_digest
from model.storage.weights_cache import fetched_weights

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")  # of files of weights; of several in a folder the first kind


class Trunk(nn.Module):
    """Layers that end in a feature map."""

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The last map before it whose cells are at most half as wide, and the map itself; twice the map itself where
        there is no such one."""
        raise NotImplementedError


class Layers(Trunk):
    """A trunk whose layers run one after the other.

    Args:
        finer: after how many of them the finer map is there; 0: there is none.
        to_map: from what a layer gives to a map, where that is not one already.
    """

    def __init__(self, *layers: nn.Module, finer: int, to_map: nn.Module | None = None):
        super().__init__()
        self.finer = finer
        self._to_map = [to_map] if to_map else []  # a plain list: it is the last of the layers
        for place, layer in enumerate([*layers, *self._to_map]):
            self.add_module(str(place), layer)  # as nn.Sequential names them

    def forward(self, x: Tensor) -> Tensor:
        return self.maps(x)[1]

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        finer = None
        for place, layer in enumerate(self.children(), start=1):
            x = layer(x)
            if place == self.finer:
                finer = x
        if finer is None:
            return x, x
        for to_map in self._to_map:
            finer = to_map(finer)
        return finer, x


class ImageEncoder(nn.Module):
    """A trunk that maps films to a feature map, with the normalisation its weights were trained with.

    Args:
        early: the parts of the trunk that stay as they came where it is frozen in part.
        channels: of the feature map.
        mean: of the values that the trunk was trained on, where a film has 0 to 1; for each channel it takes.
        std: likewise.
    """

    mean: Float[Tensor, "1 channels 1 1"]
    std: Float[Tensor, "1 channels 1 1"]
    trunk: Trunk

    def __init__(self, trunk: Trunk, early: Sequence[nn.Module | nn.Parameter], channels: int, mean: tuple, std: tuple):
        super().__init__()
        # Twice as fast on a CPU, and what tensor cores want.
        self.trunk = trunk.to(memory_format=torch.channels_last)
        self.channels = channels
        self._early = list(early)  # a plain list: these belong to the trunk already
        self._frozen: list[nn.Module] = []
        for name, values in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1), persistent=False)

    def freeze(self, whole: bool) -> None:
        """Keep the early layers as they came (edges and textures transfer, and their large maps cost the most), or the
        whole trunk."""
        parts = [self.trunk] if whole else self._early
        for part in parts:
            part.requires_grad_(False)
        self._frozen = [part for part in parts if isinstance(part, nn.Module)]
        self.train(self.training)

    def train(self, mode: bool = True) -> "ImageEncoder":
        """As every module's; frozen layers stay in evaluation mode, so that their statistics stay too."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def forward(self, films: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch channels rows cols"]:
        """The feature map of grey films with values in [0, 1]."""
        return self.trunk(self._normal(films))

    def maps(self, films: Float[Tensor, "batch 1 side side"]) -> tuple[Tensor, Tensor]:
        """A finer map and the feature map of the same films, as `Trunk.maps`."""
        return self.trunk.maps(self._normal(films))

    def _normal(self, films: Tensor) -> Tensor:
        return ((films - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


class Cut(NamedTuple):
    """How many of a trunk's layers give a map, its channels, and how many pixels wide a cell of it is."""

    layers: int
    channels: int
    cell: int


def flat(layers: nn.Module) -> Iterator[nn.Module]:
    """The layers of a network whose parts run one after the other, plain sequences taken apart."""
    for layer in layers.children():
        if type(layer) in (nn.Sequential, nn.ModuleList):
            yield from flat(layer)
        else:
            yield layer


@torch.no_grad()
def cut(layers: list[nn.Module], side: int, stride: int, channels: int = 3, to_map: nn.Module | None = None) -> Cut:
    """The longest run of layers from the first that still gives a map of at most `stride` pixels a cell; of no layer
    where the first one's is coarser.

    Args:
        side: of the films, in pixels.
        channels: of the films.
        to_map: from what a layer gives to a map (n, channels, rows, cols), where that is not one already.
    """
    x, best = torch.empty(1, channels, side, side, device="meta"), Cut(0, channels, 1)
    for i, layer in enumerate(layers, start=1):
        # On the device meta shapes alone are computed.
        tensors = {n: t.to("meta") for n, t in chain(layer.named_parameters(), layer.named_buffers())}
        try:
            x = functional_call(layer.eval(), tensors, (x,))
        except RuntimeError:  # a classifier that expects a flat vector: the maps end here
            break
        features = to_map(x) if to_map else x
        if features.ndim != 4 or cell(side, features.shape[-1]) > stride:
            break
        best = Cut(i, features.shape[1], cell(side, features.shape[-1]))
    return best


def cell(side: int, cells: int) -> int:
    """Pixels a cell of a map across a film, to the nearest: convolutions without padding lose some at the border."""
    return round(side / cells)


def frozen_blocks(blocks: int, stride: int, frozen_stride: int) -> int:
    """How many of a transformer's blocks stay as they came.

    They all work on one map, so each takes the place of as many doublings of the stride as any other: at 16 pixels a
    cell a frozen stride of 4 keeps the first half.
    """
    return int(blocks * min(math.log2(max(frozen_stride, 1)) / math.log2(stride), 1))


def no_such_map(name: str, stride: int, side: int) -> EncoderError:
    """What to say where every map of an encoder is too coarse."""
    return EncoderError(
        f"{name} has no feature map of {stride} pixels a cell or less at image_size {side}; "
        "choose a larger image_stride or another encoder."
    )


def not_installed(name: str, published: str) -> EncoderError:
    """What to say where an encoder's published weights are asked for and no installed package carries them.

    Args:
        published: where its publisher has them, or how they are saved.
    """
    return EncoderError(
        f"The published weights of {name} are not installed, and nothing is fetched: give their file, or a folder that "
        f"holds it, as image_weights ({published}), or use timm/tf_efficientnet_lite0, whose weights are installed."
    )


def require_digest(path: str | Path, sha256: str) -> None:
    """Compare a file of weights with what its publisher says of it, before it is read.

    Args:
        path: of the file, or of a folder that holds it.
        sha256: 64 hexadecimal digits, in either case.

    Raises:
        EncoderError: there is no such file, or it is another.
    """
    path = weights_file(path)
    found = file_digest(path)
    if found != sha256.lower():
        raise EncoderError(
            f"{path.name} has the SHA-256 {found}, and {sha256.lower()} was expected: get it again from its publisher, "
            "or name the digest of the file that you trust."
        )


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors in a file of weights (safetensors, or a PyTorch file that holds tensors alone), by name.

    Nothing in the file is run: PyTorch's restricted reader refuses TorchScript and pickles of anything but tensors.

    Args:
        path: of the file, or of a folder that holds it.

    Raises:
        EncoderError: there is no such file, there are several, or it cannot be read without running code.
    """
    path = weights_file(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its parts do
        raise EncoderError(
            f"{path.name} is not a file of tensors alone ({type(error).__name__}), and code in it is not run: save the "
            "network's state_dict()."
        ) from error
    for name in ("state_dict", "model"):  # what training programs wrap them in
        if isinstance(loaded, dict) and isinstance(loaded.get(name), dict):
            loaded = loaded[name]
    if not isinstance(loaded, dict) or not all(isinstance(t, Tensor) for t in loaded.values()):
        raise EncoderError(f"{path.name} does not hold tensors by name; save a network's state_dict().")
    return loaded


def weights_file(path: str | Path) -> Path:
    """The file of weights that a path names, or that lies in the folder that it names; of the name of published
    weights, the file that was fetched.

    Raises:
        EncoderError: there is none, or there are several.
    """
    path = Path(path)
    path = path if path.exists() else fetched_weights(str(path)) or path
    if path.is_file():
        return path
    held = sorted(path.iterdir()) if path.is_dir() else []
    by_kind = ([p for p in held if p.suffix == suffix] for suffix in SUFFIXES)
    files = next(filter(None, by_kind), [])
    if not files:
        raise EncoderError(f"There are no weights at {path}; give a .safetensors or .pth file, or a folder with one.")
    if len(files) > 1:
        raise EncoderError(f"{path} holds several files of weights, such as {files[0].name}; give one of them.")
    return files[0]


def load_weights(model: nn.Module, trunk: nn.Module, tensors: dict[str, Tensor], name: str) -> None:
    """Give a model its weights.

    Args:
        trunk: the part of it that must be given; what is outside, such as a classifier, may differ.
        name: of the model, for a person.

    Raises:
        EncoderError: a tensor of the trunk is not there, or has another shape.
    """
    own = model.state_dict(keep_vars=True)
    needed = {id(t) for t in trunk.state_dict(keep_vars=True).values()}
    fitting = {k: t for k, t in tensors.items() if k in own and own[k].shape == t.shape}
    missing = [k for k, t in own.items() if id(t) in needed and k not in fitting and "num_batches_tracked" not in k]
    if missing:
        raise EncoderError(
            f"The file of weights does not hold {len(missing)} tensors of {name} in their shape, such as {missing[0]}."
        )
    own.update(fitting)  # in place: it also says which version of its layers the names are of
    model.load_state_dict(own)


def fit_by_order(weights: dict[str, Tensor], target: nn.Module) -> dict[str, Tensor]:
    """`weights` under the names of `target`'s tensors, matched by position.

    For two implementations of one architecture that list the same tensors in the same order under other names.

    Raises:
        EncoderError: the shapes do not agree one by one.
    """
    wanted = target.state_dict()
    shapes = [tuple(t.shape) for t in weights.values()], [tuple(t.shape) for t in wanted.values()]
    if shapes[0] != shapes[1]:
        raise EncoderError(f"The weights hold {len(weights)} tensors that do not match the encoder's {len(wanted)}.")
    return dict(zip(wanted, weights.values(), strict=True))
