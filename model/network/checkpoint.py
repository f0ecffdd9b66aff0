"""Checkpoints: a folder of safetensors, config and a manifest of SHA-256 digests, written all or not at all.

The tensors of the report encoder that were not trained are not stored: the manifest holds their digest, and loading
takes them from where `report_encoder` names them.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from model.config import Config
from model.errors import CheckpointError, ChoiceError
from model.network.network import Network
from model.storage.files import atomic_folder, file_digest

FORMAT = "betalens-checkpoint/1"
MANIFEST, CONFIG, WEIGHTS = "manifest.json", "config.json", "model.safetensors"
CARD_FILE = "MODEL_CARD.md"  # for people; who makes a checkpoint writes it


def save(network: Network, folder: Path, extra: dict[str, bytes] | None = None, half: bool = False) -> str:
    """Write a checkpoint to `folder`, replacing what is there once the new one is complete.

    Args:
        extra: further files by name, covered by the manifest (a model card, metrics).
        half: store floating-point tensors in 16 bits; round the network itself first with `round_to_half`.

    Returns:
        SHA-256 of the weights file: the model's digest.

    Raises:
        CheckpointError: the folder cannot be written; what is there stays.
    """
    with _written(folder) as scratch:
        state = network.state_dict()
        tensors = {name: state[name].detach().cpu().contiguous() for name in sorted(stored_names(network))}
        if half:
            tensors = {name: t.half() if t.is_floating_point() else t for name, t in tensors.items()}
        save_file(tensors, scratch / WEIGHTS)
        (scratch / CONFIG).write_text(network.config.to_json(), "utf-8")
        for name, content in (extra or {}).items():
            (scratch / name).write_bytes(content)
        files = {path.name: file_digest(path) for path in sorted(scratch.iterdir())}
        frozen = network.report_encoder.frozen_digest()
        _write_manifest(scratch, {"format": FORMAT, "files": files, "frozen_report_encoder": frozen})
    return files[WEIGHTS]


def load(folder: Path, device: torch.device | str = "cpu") -> tuple[Network, str]:
    """The network of a checkpoint, in evaluation mode, and its digest.

    Raises:
        CheckpointError: the folder is no checkpoint, a file is missing or changed, or its tensors do not fit.
        EncoderError: an encoder that it names is not on this machine.
    """
    manifest, config = verify(folder), read_config(folder)
    network = Network(config, pretrained=False)
    if network.report_encoder.frozen_digest() != manifest["frozen_report_encoder"]:
        raise CheckpointError(
            f"The checkpoint {folder} was trained on another version of {config.report_encoder}; install that one."
        )
    try:
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError:
        digest = manifest["files"][WEIGHTS][:12]
        raise CheckpointError(
            f"{folder / WEIGHTS} (SHA-256 {digest}…) is no safetensors file; nothing else is read, a pickle least of "
            "all."
        ) from None
    wanted, shapes = stored_names(network), network.state_dict()
    wrong = sorted(wanted ^ tensors.keys()) or [k for k in tensors if tensors[k].shape != shapes[k].shape]
    if wrong:
        raise CheckpointError(f"{folder / WEIGHTS} does not fit its config: {len(wrong)} tensors, first {wrong[0]}.")
    bad = [k for k, v in tensors.items() if v.is_floating_point() and not v.isfinite().all()]
    if bad:
        raise CheckpointError(f"{folder / WEIGHTS} holds values that are not finite, in {bad[0]}.")
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}, strict=False)
    return network.to(device).eval().requires_grad_(False), manifest["files"][WEIGHTS]


def verify(folder: Path) -> dict:
    """The manifest of a checkpoint whose files are all as it says.

    Raises:
        CheckpointError: the folder is no checkpoint, or a file is missing or changed.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT or {CONFIG, WEIGHTS} - manifest["files"].keys():
            raise KeyError("format")
        if not all(isinstance(d, str) for d in (manifest["frozen_report_encoder"], *manifest["files"].values())):
            raise TypeError("digests are text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{folder} is not a BetaLens checkpoint: no {MANIFEST} of format {FORMAT}.") from error
    for name, expected in manifest["files"].items():
        path = folder / Path(name).name
        if not path.is_file():
            raise CheckpointError(f"The checkpoint {folder} is incomplete: {name} is missing.")
        if (got := file_digest(path)) != expected:
            raise CheckpointError(f"{path} is damaged: its SHA-256 is {got[:12]}…, the manifest says {expected[:12]}….")
    return manifest


def read_config(folder: Path) -> Config:
    """The config of a checkpoint.

    Raises:
        CheckpointError: this version cannot read it.
    """
    try:
        return Config.from_dict(json.loads((folder / CONFIG).read_text("utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, ChoiceError) as error:
        raise CheckpointError(f"{folder / CONFIG} is not a config this version reads: {error}") from error


def with_default_beta(folder: Path, beta: float, out: Path | None = None) -> Path:
    """Write a checkpoint with another default β; its weights, and so its digest, stay the same.

    Args:
        beta: from 0 to 1.
        out: a folder for the copy, replaced where there is one; None changes the checkpoint itself, all or not at all.

    Returns:
        The folder that was written.

    Raises:
        CheckpointError: the checkpoint is damaged, or the folder cannot be written.
        ChoiceError: β lies outside its bounds.
    """
    verify(folder)
    config = replace(read_config(folder), default_beta=float(beta))
    return with_files(folder, {CONFIG: config.to_json().encode()}, out)


def with_files(folder: Path, files: dict[str, bytes], out: Path | None = None) -> Path:
    """Write a checkpoint with some of its files, beside the weights, new or replaced; the rest stays.

    Args:
        files: contents by name.
        out: as for `with_default_beta`.

    Returns:
        The folder that was written.

    Raises:
        CheckpointError: the checkpoint is damaged, or the folder cannot be written.
    """
    out = (out or folder).resolve()  # of a link, what it points to is replaced
    manifest = verify(folder)
    with _written(out) as scratch:
        # Also what lies beside the manifest's files, such as measured trust.
        shutil.copytree(folder, scratch, dirs_exist_ok=True)
        for name, content in files.items():
            (scratch / name).write_bytes(content)
            manifest["files"][name] = file_digest(scratch / name)
        manifest["files"] = dict(sorted(manifest["files"].items()))
        _write_manifest(scratch, manifest)
        verify(scratch)
    return out


def stored_names(network: Network) -> set[str]:
    """Names of the tensors a checkpoint holds: all but the untrained ones of the report encoder."""
    return set(network.state_dict()) - {f"report_encoder.bert.{name}" for name in network.report_encoder.frozen_names}


@torch.no_grad()
def round_to_half(network: Network) -> None:
    """Round what a half-precision checkpoint stores, so that the network in memory is the one that is saved."""
    state = network.state_dict()
    for name in stored_names(network):
        if state[name].is_floating_point():
            state[name].copy_(state[name].half().float())


@contextlib.contextmanager
def _written(folder: Path) -> Iterator[Path]:
    """A folder to fill, as `atomic_folder`; what the disk refuses is a CheckpointError."""
    try:
        with atomic_folder(folder) as scratch:
            yield scratch
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CheckpointError(f"The checkpoint cannot be written to {folder}: {why.rstrip('.')}.") from error


def _write_manifest(folder: Path, manifest: dict) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
