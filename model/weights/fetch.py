"""How published weights come on to this machine: over the network, or in a file that somebody brought.

Either way they are compared with what is known of them, read without running what is in them, held against their
architecture, and put into place whole or not at all.
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import torch
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from model.errors import EncoderError, WeightsError
from model.network.encoders.base import read_weights
from model.network.encoders.report import unfilled
from model.network.encoders.torchxrayvision import classifier_tensors, untrained
from model.storage.files import atomic_folder, atomic_write, exclusive, file_digest
from model.storage.weights_cache import LEDGER, Fetched, fetched_weights, read_ledger, weights_folder
from model.weights.catalogue import IMAGE, Published, address, published, repository
from model.weights.pickled import read_pickled_network
from model.weights.torchxrayvision_table import read_table

WEIGHTS = "model.safetensors"
# What a BERT needs beside its weights; a repository has some of them.
BESIDE = (
    "config.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json",
)  # fmt: skip
HEADS = ("cls", "lm_head")  # how the tensors begin that a BERT was only pre-trained with
AT_ONCE = 2**20  # bytes
SECONDS = 30.0  # without an answer


def fetch(name: str) -> tuple[Path, bool]:
    """Fetch published weights; those that are there stay.

    Returns:
        Their folder, and whether they were fetched now.

    Raises:
        WeightsError: the name is unknown, the network fails, or the files are not what they should be.
        OSError: the disk has no room for them.
    """
    entry = published(name)
    if there := fetched_weights(name):
        return there, False
    return _kept(entry, lambda scratch: _download(entry, scratch)), True


def add(name: str, path: Path) -> Path:
    """Take published weights from this machine: the file of a classifier, or the folder of a BERT. What is there
    under the name is replaced.

    Returns:
        Their folder.

    Raises:
        WeightsError: the name is unknown, or the files are not what they should be.
        OSError: the file cannot be read, or the disk has no room for it.
    """
    entry = published(name)
    if entry.kind == IMAGE:
        path.open("rb").close()  # the disk says what is wrong with it
        return _kept(entry, lambda _: [path])
    if not (path / "config.json").is_file():
        raise WeightsError(f"{path} holds no config.json: name the folder with all the files of {name}.")
    return _kept(entry, lambda _: [file for file in sorted(path.iterdir()) if file.name in _files_of_bert(path)])


def _kept(entry: Published, brought: Callable[[Path], list[Path]]) -> Path:
    """Check what is brought into a folder, convert it, and put it into place.

    Args:
        brought: the published files; it may lay them into the folder that it is given.
    """
    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    taken = WeightsError(f"Weights are being fetched into {folder} already: wait for their end.")
    with exclusive(folder / ".lock", taken):
        for left in folder.glob(f".{entry.name}-*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        with atomic_folder(folder / entry.name) as scratch:
            arriving = scratch / "published"
            arriving.mkdir()
            files = brought(arriving)
            digests = {file.name: file_digest(file) for file in files}
            size = sum(file.stat().st_size for file in files)
            _refuse_others(entry, digests)
            _convert(entry, files, scratch)
            shutil.rmtree(arriving)
        ledger = read_ledger()
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        ledger[entry.name] = Fetched(source=entry.source, sha256=digests, bytes=size, date=date)
        atomic_write(folder / LEDGER, (json.dumps(ledger, indent=1) + "\n").encode(), 0o644)
    return folder / entry.name


def _refuse_others(entry: Published, digests: dict[str, str]) -> None:
    """Refuse files with another digest than their publisher's, or than those that were fetched before."""
    expected = dict.fromkeys(digests, entry.sha256) if entry.sha256 else {}
    before = read_ledger().get(entry.name)
    if not expected and before and entry.kind == IMAGE:  # whatever the file is called
        expected = dict.fromkeys(digests, *before["sha256"].values())
    elif not expected and before:
        expected = before["sha256"]
    for file, digest in digests.items():
        if expected.get(file, digest) != digest:
            raise WeightsError(
                f"{file} has the SHA-256 {digest}, and {expected[file]} was expected of {entry.name}: nothing was "
                "kept; get it again from its publisher."
            )


def _convert(entry: Published, files: list[Path], folder: Path) -> None:
    """Write the tensors that are needed as safetensors, and what belongs to them."""
    try:
        tensors = _classifier(entry, files[0]) if entry.kind == IMAGE else _bert(files, folder)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
        (folder / WEIGHTS).chmod(0o644)
        missing = unfilled(folder) if entry.kind != IMAGE else []
    except EncoderError as error:
        raise WeightsError(f"What was brought as {entry.name} cannot be used: {error}") from error
    if missing:
        raise WeightsError(
            f"What was brought as {entry.name} lacks {len(missing)} tensors of its architecture, such as {missing[0]}."
        )


def _classifier(entry: Published, file: Path) -> dict[str, Tensor]:
    """The tensors of a classifier, which are those of its architecture."""
    try:
        found = classifier_tensors(file)
    except EncoderError:
        found = read_pickled_network(file)
    with torch.device("meta"):
        wanted = untrained(entry.name, len(read_table(entry.name).findings)).state_dict()
    wrong = [n for n, t in wanted.items() if "num_batches" not in n and (n not in found or found[n].shape != t.shape)]
    if wrong:
        raise WeightsError(
            f"{file.name} is not {entry.name}: {len(wrong)} tensors are missing or of another shape, such as "
            f"{wrong[0]}."
        )
    return {name: tensor for name, tensor in found.items() if name in wanted}


def _bert(files: list[Path], folder: Path) -> dict[str, Tensor]:
    """The tensors of a BERT without the heads that it was pre-trained with; its other files are copied."""
    for file in files:
        if file.name in BESIDE:
            shutil.copyfile(file, folder / file.name)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    # CXR-BERT is a BERT with a head of its own, for which it brings code that is not run.
    if config.pop("auto_map", None) or config.get("model_type") == "cxr-bert":
        config |= {"model_type": "bert", "architectures": ["BertModel"]}
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    weights = next(file for file in files if file.name not in BESIDE)
    return {n: t.clone() for n, t in read_weights(weights).items() if not n.startswith(HEADS)}


def _files_of_bert(folder: Path) -> set[str]:
    """The names of the files that are needed of a folder: the first kind of weights alone."""
    return _needed({file.name for file in folder.iterdir()}, str(folder))


def _needed(names: set[str], where: str) -> set[str]:
    weights = next((name for name in (WEIGHTS, "pytorch_model.bin") if name in names), None)
    if weights is None:
        raise WeightsError(f"{where} holds neither {WEIGHTS} nor pytorch_model.bin.")
    return {weights} | names.intersection(BESIDE)


def _download(entry: Published, folder: Path) -> list[Path]:
    with _network(entry):
        return [_classifier_file(entry, folder)] if entry.kind == IMAGE else _bert_files(entry, folder)


@contextlib.contextmanager
def _network(entry: Published) -> Iterator[None]:
    """What the network does to a download is one sentence, with the way around it."""
    try:
        yield
    except WeightsError:
        raise
    except Exception as error:  # the hub's library has a client of its own, and raises what that does
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise  # a disk's
        status = getattr(getattr(error, "response", None), "status_code", None)
        why = f"the server answered {status}" if status else f"the network failed: {type(error).__name__}"
        raise WeightsError(f"{entry.name} could not be fetched ({why}). {_by_hand(entry)}") from error


def _by_hand(entry: Published) -> str:
    """How weights come to a machine without a network."""
    if entry.kind == IMAGE:
        return (
            f"On a machine with a network download {address(entry)}, and here `betalens weights add {entry.name} FILE`."
        )
    name, revision = repository(entry)
    return (
        f"On a machine with a network `hf download {name} --revision {revision} --local-dir FOLDER`, and here "
        f"`betalens weights add {entry.name} FOLDER`."
    )


def _classifier_file(entry: Published, folder: Path) -> Path:
    url = address(entry)
    file = folder / url.rpartition("/")[2]
    with httpx.stream("GET", url, follow_redirects=True, timeout=SECONDS) as response:
        response.raise_for_status()
        size = int(response.headers.get("content-length", 0))
        _require_room(entry, size, folder)
        with file.open("wb") as out, tqdm.wrapattr(out, "write", total=size or None, desc=entry.name) as counted:
            for chunk in response.iter_bytes(AT_ONCE):
                counted.write(chunk)
    return file


def _bert_files(entry: Published, folder: Path) -> list[Path]:
    from huggingface_hub import HfApi, hf_hub_download

    name, revision = repository(entry)
    listed = {s.rfilename: s for s in HfApi().model_info(name, revision=revision, files_metadata=True).siblings or ()}
    needed = sorted(_needed(set(listed), name))
    _require_room(entry, sum(listed[file].size or 0 for file in needed), folder)
    files = [Path(hf_hub_download(name, file, revision=revision, local_dir=folder)) for file in needed]
    for file in files:
        stored = listed[file.name].lfs
        if stored and file_digest(file) != stored.sha256:
            raise WeightsError(f"{file.name} of {entry.name} arrived changed; its publisher says {stored.sha256}.")
    return files


def _require_room(entry: Published, size: int, folder: Path) -> None:
    """Room for the published files, and for the tensors that are made of them."""
    free = shutil.disk_usage(folder).free
    if free < 2 * size:
        raise WeightsError(
            f"{entry.name} needs {2 * size / 1e6:,.0f} MB in {weights_folder()}, where {free / 1e6:,.0f} MB are free: "
            "make room, or name another place by XDG_CACHE_HOME."
        )
