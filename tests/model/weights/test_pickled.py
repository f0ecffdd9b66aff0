"""Tensors out of a pickled network: none of its code is run, whatever the file names."""

import pickle
from pathlib import Path

import pytest
import torch

from model.errors import WeightsError
from model.network.encoders.torchxrayvision import untrained
from model.weights.pickled import read_pickled_network


def test_a_published_network_gives_its_tensors_under_the_names_of_its_architecture(published):
    tensors = read_pickled_network(published)
    wanted = untrained("densenet121-res224-all", 18).state_dict()
    assert {name: t.shape for name, t in tensors.items()} == {name: t.shape for name, t in wanted.items()}
    assert tensors["classifier.bias"].std() > 1  # as it was drawn


class Touches:
    """A pickle of it makes a file, where a reader calls what it names."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("new_format", [True, False])
def test_code_in_a_file_is_refused_and_not_run(tmp_path, new_format):
    network = torch.nn.Linear(1, 1)
    network.also = Touches(tmp_path / "touched")
    torch.save(network, tmp_path / "network.pt", _use_new_zipfile_serialization=new_format)
    with pytest.raises(WeightsError, match="without running"):
        read_pickled_network(tmp_path / "network.pt")
    assert not (tmp_path / "touched").exists()


def test_what_is_called_a_part_of_a_network_is_not_called(tmp_path):
    """`torch.nn` holds functions too, and what is imported there."""
    calls = pickle.dumps(("x",), 2)[:-1] + b"0ctorch.nn.modules.module\nwarnings.warn\n(X\x01\x00\x00\x00xtR."
    (tmp_path / "network.pt").write_bytes(calls)
    with pytest.raises(WeightsError):
        read_pickled_network(tmp_path / "network.pt")


@pytest.mark.parametrize("cut", [0, 10, 1000, 20_000])
def test_a_file_that_is_cut_short_is_refused(tmp_path, cut):
    torch.save(torch.nn.Linear(100, 100), tmp_path / "whole.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "cut.pt").write_bytes((tmp_path / "whole.pt").read_bytes()[:cut])
    with pytest.raises(WeightsError, match="get it again"):
        read_pickled_network(tmp_path / "cut.pt")


def test_torchscript_is_refused(tmp_path):
    torch.jit.script(torch.nn.Linear(1, 1)).save(str(tmp_path / "script.pt"))
    with pytest.raises(WeightsError, match="without running"):
        read_pickled_network(tmp_path / "script.pt")
