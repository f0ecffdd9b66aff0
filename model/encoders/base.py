"""What an image encoder promises, and how its weights are read."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.errors import EncoderError


class ImageEncoder(nn.Module):
    """A trunk that maps films to a feature map, with the normalisation its weights were trained with.

    Args:
        early: the trunk's modules that `freeze_early` keeps as they came.

    Attributes:
        channels: channels of the feature map.
    """

    def __init__(self, trunk: nn.Module, early: list[nn.Module], channels: int, mean: tuple, std: tuple):
        super().__init__()
        # Twice as fast on a CPU, and what tensor cores want.
        self.trunk = trunk.to(memory_format=torch.channels_last)
        self._early = early  # a plain list: these modules belong to the trunk already
        self.channels = channels
        self._frozen = False
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def freeze_early(self) -> None:
        """Keep the early layers as they came: edges and textures transfer, and their large maps cost the most."""
        for module in self._early:
            module.requires_grad_(False)
        self._frozen = True
        self.train(self.training)

    def train(self, mode: bool = True) -> "ImageEncoder":
        """As every module's; frozen layers stay in evaluation mode, so that their statistics stay too."""
        super().train(mode)
        for module in self._early if self._frozen else ():
            module.eval()
        return self

    def forward(self, films: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch channels rows cols"]:
        """The feature map of grey films with values in [0, 1]."""
        normal = (films - self.mean) / self.std
        return self.trunk(normal.contiguous(memory_format=torch.channels_last))


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors in a file of weights (safetensors, or a PyTorch file that holds tensors alone).

    Raises:
        EncoderError: there is no such file, or it cannot be read without running code.
    """
    path = Path(path)
    if not path.is_file():
        raise EncoderError(f"There is no file of weights at {path}; give a .safetensors or .pth file.")
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise EncoderError(f"{path.name} is not a file of tensors alone: {type(error).__name__}.") from error


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
