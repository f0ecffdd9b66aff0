"""Image encoders by name: any model of their source gives a feature map, frozen as far as asked."""

import re
import socket
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

from model.errors import EncoderError
from model.network.encoders import image_encoder, image_sources
from model.network.encoders import torchvision as torchvision_source
from model.network.encoders import torchxrayvision as torchxrayvision_source
from model.network.encoders.timm import PACKAGED, packaged

# One of each family of torchvision.
FAMILIES = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5",
    "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t",
    "vgg11", "vit_b_32",
]  # fmt: skip
OTHERS = [n for n in torchvision.models.list_models(module=torchvision.models) if n not in FAMILIES]
SIDES = {"maxvit_t": 224, "vit_h_14": 126}  # what they are made for
PALACE = 698  # among ImageNet's classes
# A model of each source, and what says which file its publisher has.
PUBLISHED = {
    "timm/resnet34": "timm/resnet34",
    "torchvision/resnet34": "resnet34-",
    "torchxrayvision/densenet121-res224-rsna": "densenet121-res224-rsna",
}
TINY = ["timm/test_convnext", "timm/test_efficientnet", "timm/test_vit", "timm/test_vit4", "timm/resnet18"]


class Writes(torch.nn.Module):
    """Writes a file when it is read."""

    def __init__(self, path: str):
        super().__init__()
        self.path = path

    @torch.jit.export
    def __getstate__(self):
        return self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]):
        self.training = state[1]
        self.path = str(torch.from_file(state[0], shared=True, size=4).numel())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.fixture
def asked_hosts(monkeypatch) -> list[str]:
    """The hosts whose addresses were looked up."""
    asked = []

    def look_up(host, *_, **__):
        asked.append(host)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


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
import torch, torchvision, torchxrayvision as xrv
torch.manual_seed(1)
film, dense = torch.load("film.pt"), xrv.models.DenseNet().eval()
res = xrv.models.ResNet.__new__(xrv.models.ResNet)  # its __init__ fetches
torch.nn.Module.__init__(res)
res.model = torchvision.models.resnet50(weights=None).eval()
res.model.conv1 = torch.nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
normal = torch.from_numpy(xrv.utils.normalize(film.numpy(), 255))
for name, network in {"densenet": dense, "resnet": res}.items():
    torch.save(network.state_dict(), f"{name}.pt")
with torch.no_grad():
    maps = torch.nn.Sequential(*list(res.model.children())[:-2])(normal)
    torch.save([dense.features(normal), maps], "features.pt")
# As the published files are: whole networks, in the format of the PyTorch of 2020.
torch.save(dense, "published.pt", _use_new_zipfile_serialization=False)
torch.save([n for n in xrv.models.model_urls if "-res" in n], "names.pt")
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A folder where the package, in a process of its own, saved networks and what they make of a film."""
    folder = tmp_path_factory.mktemp("torchxrayvision")
    film = torch.randint(0, 256, (1, 1, 128, 128), generator=torch.Generator().manual_seed(0))
    torch.save(film, folder / "film.pt")
    subprocess.run([sys.executable, "-c", THEIRS], cwd=folder, env={"PATH": ""}, check=True, capture_output=True)
    return folder


def test_torchxrayvision_is_given_what_the_package_itself_would_give_it(theirs):
    film = torch.load(theirs / "film.pt") / 255
    kinds = {"densenet": "densenet121-res224-nih", "resnet": "resnet50-res512-all"}
    for (kind, name), expected in zip(kinds.items(), torch.load(theirs / "features.pt"), strict=True):
        ours = built(f"torchxrayvision/{name}", 32, weights=str(theirs / f"{kind}.pt"))
        with torch.no_grad():
            torch.testing.assert_close(ours(film), expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())
    assert torch.load(theirs / "names.pt") == list(torchxrayvision_source.NAMES)


def test_a_whole_pickled_network_is_refused(theirs):
    with pytest.raises(EncoderError, match=r"published\.pt .* state_dict"):
        built("torchxrayvision/densenet121-res224-nih", 32, weights=str(theirs / "published.pt"))


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


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("timm/gluon_resnet18_v1b", r"resnet18\.gluon_in1k"),  # as timm called it before
        ("timm/resnet18.of_nobody", r"resnet\w+\.\w+"),  # weights of no such tag
    ],
)
def test_a_name_that_timm_does_not_know_any_more_is_refused_with_those_it_has(name, named):
    with pytest.raises(EncoderError, match=f"timm has no model .* it has {named}"):
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


@pytest.mark.parametrize(
    ("name", "stride", "finer"),
    [
        ("timm/tf_efficientnet_lite0", 16, 16),
        ("timm/tf_efficientnet_lite2", 32, 8),  # its last map is a layer behind the last stage
        ("torchvision/resnet18", 32, 8),
        ("torchvision/swin_t", 32, 8),
        ("torchxrayvision/densenet121-res224-all", 32, 8),
        ("torchvision/vit_b_32", 32, 4),  # has cells of one size
    ],
)
def test_a_finer_map_comes_with_the_feature_map(name, stride, finer):
    encoder = image_encoder(name, 128, stride, 0, "none").eval()
    films = torch.rand(2, 1, 128, 128)
    with torch.no_grad():
        early, last = encoder.maps(films)
        torch.testing.assert_close(last, encoder(films), rtol=0, atol=0)
    assert early.shape[2:] == (finer, finer)


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


def test_a_model_of_every_source_is_among_those_that_are_tested():
    assert {name.partition("/")[0] for name in PUBLISHED} == set(image_sources())


@pytest.mark.parametrize(("name", "file"), PUBLISHED.items())
def test_weights_that_are_not_installed_say_how_to_supply_them_and_are_not_fetched(
    name, file, asked_hosts, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # whatever was fetched by whoever runs it
    with pytest.raises(EncoderError, match=rf"(folder that holds it, as image_weights \(|weights fetch ).*{file}"):
        image_encoder(name, 128, 16, 4, "imagenet")
    assert asked_hosts == []


def test_a_file_of_weights_with_another_digest_is_refused_unread(weights, monkeypatch):
    path = weights("torchvision/resnet18")
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout[:64]
    assert image_encoder("torchvision/resnet18", 128, 32, 4, path, digest.upper())
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(EncoderError, match=f"{digest}.*{'0' * 64}"):
        image_encoder("torchvision/resnet18", 128, 32, 4, path, "0" * 64)


def test_packaged_weights_with_another_digest_are_refused(monkeypatch):
    package, of_file, _ = PACKAGED["tf_efficientnet_lite0"]
    monkeypatch.setitem(PACKAGED, "tf_efficientnet_lite0", (package, of_file, "0" * 64))
    with pytest.raises(EncoderError, match="SHA-256"):
        packaged("tf_efficientnet_lite0")


@pytest.mark.parametrize(("name", "first"), [("resnet18", "conv1"), ("mnasnet0_5", "layers.0")])
def test_a_file_of_weights_is_used(weights, name, first):
    encoder = built(f"torchvision/{name}", 32, weights=weights(f"torchvision/{name}"))
    saved = torch.load(weights(f"torchvision/{name}"), weights_only=True)
    assert torch.equal(encoder.trunk.get_submodule("0").weight, saved[f"{first}.weight"])


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
    assert torch.equal(ours.trunk.get_submodule("0").conv_proj.weight, vit.conv_proj.weight)
    assert ours.trunk.get_submodule("0").encoder.pos_embedding.shape[1] == 65
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


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_torchscript_archive_is_refused_unrun(tmp_path, name):
    """Its __setstate__ would run as it is read, and write a file of its choice."""
    torch.jit.save(torch.jit.script(Writes(str(tmp_path / "written"))), tmp_path / "w.pt")
    (tmp_path / "written").unlink(missing_ok=True)
    with pytest.raises(EncoderError, match=r"w\.pt"):
        built(name, weights=str(tmp_path / "w.pt"))
    assert not (tmp_path / "written").exists()


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
