"""What every fusion promises, whichever files there are."""

import pytest
import torch
from helpers import small_network

from model.config import FUSIONS, Config
from model.errors import ChoiceError
from model.network import checkpoint
from model.network.fusions import fusion
from model.storage.paths import DEMO_CHECKPOINT

WIDTH = 24
EVERY = pytest.mark.parametrize("name", FUSIONS)


def blend(name: str, image: torch.Tensor, report: torch.Tensor, beta: float) -> torch.Tensor:
    torch.manual_seed(0)
    return fusion(name, image.shape[1])(image, report, torch.full((len(image), 1), beta))


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(5, WIDTH), torch.randn(5, WIDTH)


def test_there_is_a_choice():
    assert set(FUSIONS) >= {"weighted", "concatenation", "gated", "cross_attention"}


@EVERY
@pytest.mark.parametrize("width", [8, 24, 25])
def test_two_embeddings_become_one_of_their_width(name, width):
    assert blend(name, torch.randn(3, width), torch.randn(3, width), 0.4).shape == (3, width)


@EVERY
def test_each_end_of_beta_knows_one_modality_alone(name, pair):
    image, report = pair
    other = torch.randn_like(image) * 3
    assert torch.equal(blend(name, image, report, 1.0), blend(name, image, other, 1.0))
    assert torch.equal(blend(name, image, report, 0.0), blend(name, other, report, 0.0))
    assert not torch.allclose(blend(name, image, report, 1.0), blend(name, other, report, 1.0))
    assert not torch.allclose(blend(name, image, report, 0.0), blend(name, image, other, 0.0))


@EVERY
def test_cases_do_not_mix(name, pair):
    whole = blend(name, *pair, 0.3)
    for row, alone in enumerate(zip(*pair, strict=True)):
        torch.testing.assert_close(blend(name, *(e[None] for e in alone), 0.3)[0], whole[row])


@EVERY
def test_gradients_reach_both_modalities_and_every_parameter(name, pair):
    image, report = (e.requires_grad_() for e in pair)
    torch.manual_seed(0)
    module = fusion(name, WIDTH)
    module(image, report, torch.full((5, 1), 0.6)).square().sum().backward()
    for tensor in (image, report, *module.parameters()):
        assert tensor.grad.abs().max() > 0


@EVERY
def test_a_checkpoint_brings_it_back(name, tmp_path):
    network = small_network(fusion=name, image_weights="none", report_layers=0)
    checkpoint.save(network, tmp_path / "model")
    loaded, _ = checkpoint.load(tmp_path / "model")
    assert loaded.config.fusion == name
    v, t, beta = torch.randn(2, 4, 256), torch.randn(2, 4, 256), torch.rand(4, 1)
    torch.testing.assert_close(loaded.decide(v[0], t[0], beta), network.decide(v[0], t[0], beta))


@EVERY
def test_it_says_what_it_is_where_it_ends_and_whose_it_is(name):
    import importlib

    assert len(importlib.import_module(f"model.network.fusions.{name}").__doc__.split("\n\n")) >= 3


def test_an_unknown_fusion_is_refused_with_those_that_are_known():
    with pytest.raises(ChoiceError, match="gated"):
        Config(fusion="telepathy")


def test_the_demos_checkpoint_has_no_tensor_of_a_fusion():
    """Its fusion is the weighted mean: a renamed or added tensor would make it unreadable."""
    network, _ = checkpoint.load(DEMO_CHECKPOINT)
    assert network.config.fusion == "weighted"
    assert not list(network.fusion.state_dict())
