"""The tensors of a network that was pickled whole, without running anything in the file.

torchxrayvision's DenseNets are published so, in PyTorch's format of 2020. A pickle says by name what to call; here only
PyTorch's own makers of tensors are called. The classes of networks are stood in for by one that keeps what it is given
and does nothing, and every other name is refused.
"""

import pickle
import sys
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch._utils
from torch import Tensor

from model.errors import WeightsError

TENSORS = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,  # its name in the pickles that PyTorch writes
    ("torch", "Size"): torch.Size,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
}
NETWORKS = ("torch.nn", "torchvision", "torchxrayvision")
ARRAYS = {"numpy", "_codecs"}  # that a network may hold beside its tensors


class StandIn:
    """In the place of any class of a network: it keeps its state, and has no behaviour."""

    dump_patches = False  # PyTorch would write a file beside ours
    state: dict[str, Any]

    def __new__(cls, *_: object) -> "StandIn":
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class Unpickler(pickle.Unpickler):
    """Makes tensors and stand-ins, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in TENSORS:
            return TENSORS[module, name]
        if module.startswith(NETWORKS) or module.partition(".")[0] in ARRAYS:
            return StandIn
        raise pickle.UnpicklingError(f"{module}.{name}")


def load(file: Any, **options: Any) -> Any:
    """As `pickle.load`: PyTorch reads the head of a file with it."""
    return Unpickler(file, **options).load()


def read_pickled_network(path: Path) -> dict[str, Tensor]:
    """The tensors in a file of a whole network, under the names of its `state_dict()`.

    Raises:
        WeightsError: it is no such file, or names something else than networks and tensors.
    """
    try:
        if zipfile.is_zipfile(path) or tarfile.is_tarfile(path):  # TorchScript is a zip, and would be loaded as code
            raise ValueError("no pickle")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the source of the stand-in is not that of the class
            # This module in the place of `pickle`: weights_only reads no network of that format.
            network = torch.load(path, "cpu", pickle_module=sys.modules[__name__], weights_only=False)
        tensors = dict(_tensors(network))
    except Exception as error:  # whatever a damaged pickle makes of the reader
        raise WeightsError(
            f"{path.name} cannot be read as a network without running what is in it ({type(error).__name__}): get it "
            "again from its publisher."
        ) from error
    return tensors


def _tensors(part: StandIn, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The parameters and buffers of a network and its parts, by name."""
    state = part.state
    for name, tensor in (*state["_parameters"].items(), *state["_buffers"].items()):
        if isinstance(tensor, Tensor):
            yield prefix + name, tensor.detach()
    for name, module in state["_modules"].items():
        if module is not None:
            yield from _tensors(module, f"{prefix}{name}.")
