"""Published weights on their way to this machine: whole, checked and known from then on, or not at all."""

import errno
import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from publisher import publish_bert

from model.errors import WeightsError
from model.network.encoders import image_encoder
from model.network.encoders.report import ReportEncoder
from model.storage.weights_cache import fetched_weights, read_ledger, weights_folder
from model.weights import fetch as fetching
from model.weights.catalogue import CATALOGUE, IMAGE, address
from model.weights.fetch import add, fetch
from model.weights.torchxrayvision_table import read_table

NAME = "densenet121-res224-rsna"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def serving(monkeypatch):
    """A publisher that answers with a file; of it some bytes at most, or with a status."""
    servers = []

    def serve(file: Path, most: int | None = None, status: int = 200) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content = file.read_bytes()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:most])

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setattr(fetching, "address", lambda _: f"http://127.0.0.1:{server.server_port}/{file.name}")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def left() -> list[str]:
    """What lies where weights are kept."""
    return sorted(p.name for p in weights_folder().iterdir() if p.name != ".lock") if weights_folder().exists() else []


def test_the_table_of_the_installed_package_has_every_classifier_of_the_catalogue():
    for entry in CATALOGUE.values():
        if entry.kind == IMAGE:
            assert address(entry).endswith(".pt")
            about = read_table(entry.name)
            assert len(about.findings) == len(about.thresholds) == 18
            assert about.side == int(entry.name.split("-")[1].removeprefix("res"))


def test_what_is_fetched_is_checked_kept_and_found_by_name(serving, published, capsys):
    serving(published)
    folder, now = fetch(NAME)
    assert now
    assert NAME in capsys.readouterr().err  # its progress
    assert folder == fetched_weights(NAME)
    assert left() == [NAME, "fetched.json"]
    assert read_ledger()[NAME]["bytes"] == published.stat().st_size
    built = image_encoder(f"torchxrayvision/{NAME}", 64, 32, 0, "imagenet").eval()
    by_name = image_encoder(f"torchxrayvision/{NAME}", 64, 32, 0, NAME).eval()
    for name, tensor in built.state_dict().items():
        assert torch.equal(tensor, by_name.state_dict()[name])
    assert not torch.equal(
        built.state_dict()["trunk.0.weight"],
        image_encoder(f"torchxrayvision/{NAME}", 64, 32, 0, "none").state_dict()["trunk.0.weight"],
    )
    assert fetch(NAME) == (folder, False)


@pytest.mark.parametrize(
    ("most", "status", "says"), [(100_000, 200, "the network failed"), (None, 404, "the server answered 404")]
)
def test_a_download_that_fails_leaves_nothing_and_says_the_way_around(serving, published, most, status, says):
    serving(published, most, status)
    with pytest.raises(WeightsError, match=rf"{says}.*betalens weights add {NAME} FILE"):
        fetch(NAME)
    assert left() == []


def test_a_download_that_is_interrupted_leaves_nothing(serving, published, monkeypatch):
    serving(published)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching.httpx.Response, "iter_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)
    assert left() == []


def test_what_a_killed_process_left_goes_with_the_next_fetch(serving, published):
    serving(published)
    (weights_folder() / f".{NAME}-abc" / "published").mkdir(parents=True)
    fetch(NAME)
    assert left() == [NAME, "fetched.json"]


def test_a_full_disk_leaves_nothing(serving, published, monkeypatch):
    serving(published)
    room = shutil.disk_usage("/")._replace(free=10**6)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: room)
    with pytest.raises(WeightsError, match=r"needs 57 MB in .*, where 1 MB are free"):
        fetch(NAME)
    monkeypatch.undo()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "save_file", full)
    monkeypatch.setenv("XDG_CACHE_HOME", str(published.parent / "full"))
    with pytest.raises(OSError, match="No space"):
        add(NAME, published)
    assert left() == []


def test_a_later_file_that_differs_is_refused_even_where_the_first_was_deleted(published, tmp_path):
    folder = add(NAME, published)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "published.pt"
    other.write_bytes(published.read_bytes() + b"\0")
    with pytest.raises(WeightsError, match=r"published\.pt has the SHA-256 \w{64}, and \w{64} was expected"):
        add(NAME, other)
    assert folder.is_dir()
    shutil.rmtree(folder)
    assert fetched_weights(NAME) is None
    with pytest.raises(WeightsError, match="was expected"):
        add(NAME, other)
    add(NAME, published)


def test_a_file_that_is_not_the_known_one_is_refused(published):
    with pytest.raises(WeightsError, match=r"56524913dd16.* was expected of densenet121-res224-all"):
        add("densenet121-res224-all", published)
    assert left() == []


def test_weights_of_another_architecture_are_refused(published):
    with pytest.raises(WeightsError, match=r"is not resnet50-res512-all: .* such as conv1\.weight"):
        add("resnet50-res512-all", published)


def test_a_state_dict_that_the_package_saved_is_taken(published, tmp_path):
    tensors = {name: t.clone() for name, t in fetching.read_pickled_network(published).items()}
    torch.save(tensors, tmp_path / "state.pt")
    assert image_encoder(f"torchxrayvision/{NAME}", 64, 32, 0, str(add(NAME, tmp_path / "state.pt"))).channels == 1024


WORDS = "clear lungs no effusion heart enlarged"


def test_a_bert_that_brings_code_is_kept_as_the_bert_it_is_without_it(tmp_path):
    folder = publish_bert(
        tmp_path / "cxr", WORDS, model_type="cxr-bert", auto_map={"AutoModel": "modeling_cxrbert.CXRBertModel"}
    )
    (folder / "modeling_cxrbert.py").write_text("raise SystemExit('run')")
    kept = add("BiomedVLP-CXR-BERT-specialized", folder)
    assert sorted(p.name for p in kept.iterdir()) == ["config.json", "model.safetensors", "vocab.txt"]
    encoder = ReportEncoder("BiomedVLP-CXR-BERT-specialized", 0, 64)
    published = torch.load(folder / "pytorch_model.bin", weights_only=True)
    own = encoder.bert.state_dict()["embeddings.word_embeddings.weight"]
    assert torch.equal(own, published["bert.embeddings.word_embeddings.weight"])


def test_a_bert_that_lacks_a_tensor_is_refused(tmp_path):
    folder = publish_bert(tmp_path / "bert", WORDS)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    del tensors["bert.encoder.layer.1.output.dense.weight"]
    torch.save(tensors, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"lacks 1 tensors .* encoder\.layer\.1\.output\.dense\.weight"):
        add("RadBERT", folder)
    assert left() == []


def test_a_folder_that_holds_no_bert_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"config\.json"):
        add("RadBERT", tmp_path)
    folder = publish_bert(tmp_path / "bert", WORDS)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(WeightsError, match="neither"):
        add("RadBERT", folder)
