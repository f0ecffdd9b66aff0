"""Image encoders by name: any model of their source gives a feature map, frozen as far as asked."""

import re
import subprocess
import sys
from itertools import chain

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_image

from model.encoders import image_encoder, image_sources
from model.encoders import torchvision as torchvision_source
from model.encoders import torchxrayvision as torchxrayvision_source
from model.encoders.timm import PACKAGED, packaged
from model.errors import EncoderError

# One of each family of torchvision.
FAMILIES = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5",
    "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t",
    "vgg11", "vit_b_32",
]  # fmt: skip
OTHERS = [n for n in torchvision.models.list_models(module=torchvision.models) if n not in FAMILIES]
SIDES = {"maxvit_t": 224, "vit_h_14": 126}  # what they are made for
PALACE = 698  # among ImageNet's classes
TINY = ["timm/test_convnext", "timm/test_efficientnet", "timm/test_vit", "timm/test_vit4", "timm/resnet18"]


def built(name: str, stride: int = 16, side: int = 128, frozen: int = 4, weights: str = "none"):
    return image_encoder(name, side, stride, frozen, weights).eval()


def outputs_on_the_way(model: torch.nn.Module, films: torch.Tensor) -> list[torch.Tensor]:
    """What every part of a model gives while it runs as its library runs it."""
    seen = []
    hooks = [m.register_forward_hook(lambda *a: seen.append(a[2])) for m in model.modules()]
    model.eval()(films)
    for hook in hooks:
        hook.remove()
    return [x for x in seen if isinstance(x, torch.Tensor)]


def as_maps(x: torch.Tensor, cells: int) -> list[torch.Tensor]:
    """A tensor as the map that it may be: channels first, channels last, or patches after a class token."""
    if x.ndim == 4:
        return [x, x.permute(0, 3, 1, 2)]
    return [x[:, 1:].transpose(1, 2).unflatten(2, (-1, cells))] if x.ndim == 3 and x.shape[1] == cells**2 + 1 else []


@torch.no_grad()
def gives_a_map_of_the_model_itself(name, monkeypatch):
    made, make = [], torchvision_source._model
    monkeypatch.setattr(torchvision_source, "_model", lambda *a: made.append(make(*a)) or made[-1])
    side, stride = SIDES.get(name, 128), 32 if name.endswith("_32") else 16
    encoder = built(f"torchvision/{name}", stride, side)
    films = torch.rand(1, 1, side, side)
    features = encoder(films)
    assert features.shape[1] == encoder.channels
    assert round(side / features.shape[-1]) <= stride
    on_the_way = outputs_on_the_way(made[0], (films - encoder.mean) / encoder.std)
    maps = chain.from_iterable(as_maps(x, features.shape[-1]) for x in on_the_way)
    # Parts that change their input in place give what the next one gives.
    assert any(m.shape == features.shape and torch.allclose(m, features, rtol=1e-3, atol=1e-4) for m in maps)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_of_torchvision_gives_a_map_that_the_model_computes(name, monkeypatch):
    gives_a_map_of_the_model_itself(name, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_every_model_of_torchvision_gives_a_map_that_the_model_computes(name, monkeypatch):
    gives_a_map_of_the_model_itself(name, monkeypatch)


@pytest.mark.parametrize("name", TINY)
def test_models_of_timm_give_a_map(name):
    encoder = built(name)
    features = encoder(torch.rand(2, 1, 128, 128))
    assert features.shape == (2, encoder.channels, 8, 8)
    features.sum().backward()
    assert any(p.grad is not None for p in encoder.parameters())


# Two branches of different cells, lists of maps, or sizes that depend on the values in the film.
WITHOUT_MAP = {"crossvit_18_240", "efficientvim_m1", "gemma4_vit_167m"}


def smallest_of_each_module() -> list[str]:
    names = []
    for module in timm.list_modules():
        models = timm.list_models(module=module)
        # The name with the smallest number in its size, if any: large ones take minutes to draw.
        small = [n for n in models if re.search(r"nano|tiny|pico|atto|small|_s\b|_b0|18|0_5|xx|test", n)]
        names.append((small or models)[0])
    return names


@pytest.mark.slow
@pytest.mark.parametrize("name", smallest_of_each_module())
def test_every_kind_of_model_of_timm_gives_a_map_or_says_why_not(name):
    side = timm.get_pretrained_cfg(name).input_size[-1]
    if name in WITHOUT_MAP:
        with pytest.raises(EncoderError, match="no single feature map"):
            built(f"timm/{name}", 32, side)
        return
    encoder = built(f"timm/{name}", 32, side)
    with torch.no_grad():
        features = encoder(torch.rand(1, 1, side, side))
    assert features.shape[:2] == (1, encoder.channels)
    assert round(side / features.shape[-1]) <= 32


@pytest.mark.parametrize("name", ["densenet121-res224-all", "resnet50-res512-all"])
@pytest.mark.parametrize("stride", [16, 32])
def test_models_of_torchxrayvision_give_a_map(name, stride):
    encoder = built(f"torchxrayvision/{name}", stride)
    assert encoder(torch.rand(2, 1, 128, 128)).shape == (2, encoder.channels, 128 // stride, 128 // stride)


THEIRS = """
import sys, torch, torchxrayvision as xrv
torch.manual_seed(1)
film, network = torch.load("film.pt"), xrv.models.DenseNet().eval()
# As the published files are: whole networks, in the format of the PyTorch of 2020.
torch.save(network, "network.pt", _use_new_zipfile_serialization=False)
normal = torch.from_numpy(xrv.utils.normalize(film.numpy(), 255))
with torch.no_grad():
    torch.save(network.features(normal), "features.pt")
torch.save({n: u["weights_url"] for n, u in xrv.models.model_urls.items() if "-res" in n}, "urls.pt")
"""


def test_torchxrayvision_is_given_what_the_package_itself_would_give_it(tmp_path):
    """The package, in a process of its own, saves a network, its features of a film and where its files are."""
    film = torch.randint(0, 256, (1, 1, 128, 128))
    torch.save(film, tmp_path / "film.pt")
    subprocess.run([sys.executable, "-c", THEIRS], cwd=tmp_path, env={"PATH": ""}, check=True, capture_output=True)
    ours = built("torchxrayvision/densenet121-res224-nih", 32, weights=str(tmp_path / "network.pt"))
    expected = torch.load(tmp_path / "features.pt")
    with torch.no_grad():
        torch.testing.assert_close(ours(film / 255), expected, rtol=1e-3, atol=1e-3)
    urls = {name: f"{torchxrayvision_source.URL}/{file}" for name, file in torchxrayvision_source.FILES.items()}
    assert torch.load(tmp_path / "urls.pt") == urls


@pytest.mark.parametrize("name", ["torchvision/vit_b_16", "timm/test_vit"])
def test_a_transformer_that_cannot_tile_the_film_names_the_size_to_choose(name):
    with pytest.raises(EncoderError, match="choose"):
        built(name, side=100)


@pytest.mark.parametrize("name", ["timm/test_vit", "torchvision/squeezenet1_1", "torchxrayvision/resnet50-res512-all"])
def test_a_map_that_is_finer_than_any_is_refused(name):
    with pytest.raises(EncoderError, match="image_stride"):
        built(name, stride=1)


@pytest.mark.parametrize(
    "name",
    [
        "resnet18", "nowhere/resnet18", "timm/resnet_of_nobody", "torchvision/resnet7", "torchxrayvision/all",
        "report/x", "base/x", "",
    ],
)  # fmt: skip
def test_an_unknown_encoder_is_refused(name):
    with pytest.raises(EncoderError):
        built(name)


# --- frozen, in part or wholly trained


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("timm/test_vit", "blocks.0", "blocks.5"),
        ("timm/test_convnext", "stages.0", "stages.2"),
        ("torchvision/resnet18", r"trunk\.[01]\.", r"trunk\.\d+\.conv2"),
        ("torchvision/vit_b_32", "layer_0", "layer_11"),
        ("torchxrayvision/densenet121-res224-all", r"trunk\.0\.", "denselayer23"),
    ],
)
def test_it_is_trained_wholly_in_part_or_not_at_all(name, early, late):
    stride = 32 if name.endswith("_32") else 16
    trained = {}
    for frozen in (0, 8, stride):
        encoder = image_encoder(name, 128, stride, frozen, "none").train()
        parameters = dict(encoder.named_parameters())
        trained[frozen] = {n for n, p in parameters.items() if p.requires_grad}
        assert all(n.rpartition(".")[0] not in modes(encoder) for n in set(parameters) - trained[frozen])
    assert trained[0] == set(parameters)
    assert trained[stride] == set()
    assert not any(re.search(rf"{early}", n) for n in trained[8])
    assert any(re.search(late, n) for n in trained[8])


def modes(encoder: torch.nn.Module) -> set[str]:
    """The names of the normalisation layers whose statistics move in training."""
    return {n for n, m in encoder.named_modules() if isinstance(m, torch.nn.BatchNorm2d) and m.training}


def test_early_layers_stay_as_they_came():
    encoder = image_encoder("timm/tf_efficientnet_lite0", 64, 16, 4, "imagenet").train()
    before = {n: t.clone() for n, t in encoder.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], 0.1)
    encoder(torch.rand(2, 1, 64, 64)).mean().backward()
    optimizer.step()
    changed = {n for n, t in encoder.state_dict().items() if not torch.equal(t, before[n])}
    assert changed
    assert not any("conv_stem" in n or "blocks.0" in n or "blocks.1" in n or ".bn1.run" in n[:22] for n in changed)


# --- weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Files of weights of untrained models, by name."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(timm.create_model("test_convnext").state_dict(), folder / "timm-test_convnext.pth")
    for name in ("resnet18", "mnasnet0_5"):
        torch.save(torchvision.models.get_model(name).state_dict(), folder / f"torchvision-{name}.pth")
    return lambda name: str(folder / f"{name.replace('/', '-')}.pth")


@pytest.mark.parametrize("name", PACKAGED)
def test_the_packaged_weights_recognise_what_imagenet_taught(name):
    """A network with its weights under timm's names still is the one that was trained: scikit-learn's photograph of the
    Summer Palace in Beijing is a palace."""
    network, photograph = packaged(name).eval(), Image.fromarray(load_sample_image("china.jpg"))
    square = photograph.crop((106, 0, 533, 427)).resize((240, 240), Image.Resampling.BICUBIC)
    mean, std = (torch.tensor(network.pretrained_cfg[key])[:, None, None] for key in ("mean", "std"))
    pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255
    with torch.no_grad():
        assert network(((pixels - mean) / std)[None]).argmax().item() == PALACE


@pytest.mark.parametrize(
    "name", ["timm/resnet34", "torchvision/resnet34", "torchxrayvision/densenet121-res224-rsna"], ids=image_sources()
)
def test_weights_that_cannot_be_fetched_say_how_to_supply_them(name, monkeypatch, capsys, tmp_path):
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(EncoderError, match=r"folder that holds it, as image_weights"):
        image_encoder(name, 128, 16, 4, "imagenet")
    assert not capsys.readouterr().out


@pytest.mark.parametrize(("name", "first"), [("resnet18", "conv1"), ("mnasnet0_5", "layers.0")])
def test_a_file_of_weights_is_used(weights, name, first):
    encoder = built(f"torchvision/{name}", 32, weights=weights(f"torchvision/{name}"))
    saved = torch.load(weights(f"torchvision/{name}"), weights_only=True)
    assert torch.equal(encoder.trunk[0].weight, saved[f"{first}.weight"])


def test_the_names_of_the_published_densenets_are_understood(tmp_path):
    theirs = torchvision.models.densenet121()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", n): t for n, t in theirs.state_dict().items()}
    torch.save({n: t for n, t in old.items() if "num_batches_tracked" not in n}, tmp_path / "w.pth")
    ours = built("torchvision/densenet121", 32, weights=str(tmp_path / "w.pth"))
    x = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs.eval().features((x - ours.mean) / ours.std), rtol=1e-3, atol=1e-4)


def test_weights_of_another_classifier_and_another_size_are_used(weights, tmp_path):
    """A network that somebody fine-tuned on five classes at 224 pixels, for films of another size."""
    vit = torchvision.models.vit_b_32(num_classes=5)
    torch.save({"state_dict": vit.state_dict()}, tmp_path / "vit.pth")
    ours = built("torchvision/vit_b_32", 32, 256, weights=str(tmp_path / "vit.pth"))
    assert torch.equal(ours.trunk[0].conv_proj.weight, vit.conv_proj.weight)
    assert ours.trunk[0].encoder.pos_embedding.shape[1] == 65
    tiny = timm.create_model("test_vit", num_classes=5)
    torch.save(tiny.state_dict(), tmp_path / "tiny.pth")
    ours = built("timm/test_vit", 16, 192, weights=str(tmp_path / "tiny.pth"))
    assert torch.equal(ours.trunk.model.patch_embed.proj.weight, tiny.patch_embed.proj.weight)


def test_a_folder_that_holds_weights_is_used(tmp_path):
    theirs = timm.create_model("test_convnext")
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    torch.save({"other": torch.zeros(1)}, tmp_path / "pytorch_model.bin")  # the same weights, as hubs offer both
    ours = built("timm/test_convnext", weights=str(tmp_path))
    assert torch.equal(ours.trunk.model.stem[0].weight, theirs.stem[0].weight)


def test_a_folder_with_no_file_of_weights_or_several_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="no weights"):
        built("timm/test_convnext", weights=str(tmp_path))
    for name in ("a.pth", "b.pth"):
        torch.save({}, tmp_path / name)
    with pytest.raises(EncoderError, match="several"):
        built("timm/test_convnext", weights=str(tmp_path))


@pytest.mark.parametrize("name", ["timm/test_vit", "torchvision/resnet18", "torchxrayvision/resnet50-res512-all"])
def test_weights_of_another_network_are_refused(weights, name):
    with pytest.raises(EncoderError, match="does not hold"):
        built(name, weights=weights("timm/test_convnext"))


@pytest.mark.parametrize("name", ["torchvision/resnet18", "torchxrayvision/densenet121-res224-all"])
@pytest.mark.parametrize("content", [{"a": print}, [torch.zeros(1)], 3])
def test_a_pickle_with_code_or_without_names_is_refused(tmp_path, name, content):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(EncoderError, match=r"w\.pth"):
        built(name, weights=str(tmp_path / "w.pth"))


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"half a file")
    with pytest.raises(EncoderError, match=r"w\.safetensors"):
        built("timm/test_convnext", weights=str(tmp_path / "w.safetensors"))
