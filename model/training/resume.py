"""What an interrupted training goes on from: written after each epoch, whole or not at all."""

import hashlib
from pathlib import Path
from typing import Any

import torch

from model.config import Config
from model.errors import TrainingError
from model.storage.files import atomic_file
from model.studies.arrays import StudyArrays

STATE_FILE = "state.pt"
READING = "reading"  # the folder of a report encoder that learns to read first


def folder_beside(checkpoint: Path) -> Path:
    """Where the state and the logs of the training of a checkpoint are kept."""
    return checkpoint.with_name(checkpoint.name + ".training")


def unfinished(checkpoint: Path) -> bool:
    """Whether the training of a checkpoint was interrupted, so that it can go on."""
    return has_state(folder_beside(checkpoint))


def has_state(folder: Path) -> bool:
    """Whether a training has left its state in a folder."""
    return any((part / STATE_FILE).exists() for part in (folder, folder / READING))


def fingerprint(config: Config, data: StudyArrays, world: int) -> str:
    """Of all that decides which weights a training ends at: choices, studies, number of processes."""
    digest = hashlib.sha256(f"{config.to_json()}{world}".encode())
    for report in data.reports:
        digest.update(report.encode(errors="surrogatepass") + b"\0")
    for array in (data.films, data.labels, data.has, data.masks):
        digest.update(b"-" if array is None else array.tobytes())
    return digest.hexdigest()


class TrainingState:
    """The state of a training in a folder.

    Args:
        resume: go on from what is there; otherwise nothing may be there.

    Raises:
        TrainingError: there is a state and `resume` is off, or it belongs to another training.
    """

    def __init__(self, folder: Path, mark: str, resume: bool):
        self.path = folder / STATE_FILE
        self.mark = mark
        if self.path.exists() and not resume:
            raise TrainingError(
                f"{folder} holds an unfinished training; go on with --resume, or remove the folder to start anew."
            )

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """What was saved last; None where nothing was.

        Raises:
            TrainingError: it belongs to another training, or cannot be read.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location=device, weights_only=True)
        except Exception as error:  # torch raises whatever its parts do
            raise TrainingError(
                f"{self.path} cannot be read ({type(error).__name__}); remove it to start anew."
            ) from error
        if state.pop("mark", None) != self.mark:
            raise TrainingError(
                f"{self.path} belongs to a training with other options, studies or processes; "
                "give the same ones as before, or remove the folder to start anew."
            )
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace what was saved; a crash leaves the one or the other.

        Raises:
            TrainingError: the disk refuses.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(self.path, 0o644) as file:
                torch.save(state | {"mark": self.mark}, file)
        except (OSError, RuntimeError) as error:  # of a full disk torch tells its place in the source
            why = getattr(error, "strerror", None) or "is the disk full?"
            raise TrainingError(
                f"{self.path} cannot be written ({why}): make room and go on with --resume, or name another --out."
            ) from error


def forget(folder: Path) -> None:
    """Remove the state of a training whose checkpoint is written; its logs stay."""
    for part in (folder, folder / READING):
        (part / STATE_FILE).unlink(missing_ok=True)
