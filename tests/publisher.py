"""What publishes weights, in the tests: torchxrayvision in a process of its own, and a hub on this machine."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import torch
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from transformers import BertConfig, BertForMaskedLM

# A network with random weights, saved whole in the format of the PyTorch of 2020, as the published files are; and what
# the package makes of films. Its thresholds are the published ones of the name.
CLASSIFIER = """
import sys, torch, torchxrayvision as xrv
name = sys.argv[1]
torch.manual_seed(1)
network = xrv.models.DenseNet(weights=None, num_classes=18).eval()
torch.nn.init.normal_(network.classifier.weight, std=0.01)
torch.nn.init.normal_(network.classifier.bias, mean=-3, std=2)
torch.save(network, "published.pt", _use_new_zipfile_serialization=False)
about = xrv.models.model_urls[name]
network.op_threshs, network.input_resolution = torch.tensor(about["op_threshs"]), about["input_resolution"]
films = [xrv.utils.load_image(path) for path in sys.argv[2:]]
square = [torch.from_numpy(xrv.datasets.XRayCenterCrop()(film))[None] for film in films]
with torch.no_grad():
    torch.save([network(film)[0] for film in square], "probabilities.pt")
"""


def publish_classifier(folder: Path, name: str, *films: Path) -> Path:
    """The file of a classifier with random weights, in the folder; beside it `probabilities.pt`, what the package makes
    of the films."""
    command = [sys.executable, "-c", CLASSIFIER, name, *films]
    subprocess.run(command, cwd=folder, env={"PATH": ""}, check=True, capture_output=True)
    return folder / "published.pt"


def publish_bert(folder: Path, words: str, **config: object) -> Path:
    """The folder of a tiny BERT with random weights, as hubs have them."""
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(words.split()))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    bert = BertForMaskedLM(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **small))
    torch.save(bert.state_dict(), folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps({**bert.config.to_dict(), **config}))
    (folder / "README.md").write_text("A model card.")
    return folder


def hub(folder: Path, revision: str) -> Starlette:
    """A hub that has one revision of the repositories below a folder, `owner/name` each."""

    def listed(request: Request) -> Response:
        repository = "{owner}/{name}".format(**request.path_params)
        files = sorted(file for file in (folder / repository).iterdir())
        siblings = [{"rfilename": f.name, "size": f.stat().st_size} | _lfs(f) for f in files]
        return JSONResponse({"id": repository, "sha": revision, "siblings": siblings})

    def resolved(request: Request) -> Response:
        file = folder / "{owner}/{name}/{file}".format(**request.path_params)
        if not file.is_file() or request.path_params["revision"] != revision:
            return Response(status_code=404, headers={"X-Error-Code": "EntryNotFound"})
        return FileResponse(file, headers={"X-Repo-Commit": revision, "ETag": f'"{_sha256(file)}"'})

    at = "/{owner}/{name}"
    return Starlette(
        routes=[
            Route(f"/api/models{at}/revision/{revision}", listed),
            Route(f"{at}/resolve/{{revision}}/{{file}}", resolved, methods=["GET", "HEAD"]),
        ]
    )


def _lfs(file: Path) -> dict:
    if file.suffix != ".bin":
        return {}
    return {"lfs": {"size": file.stat().st_size, "sha256": _sha256(file), "pointerSize": 134}}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
