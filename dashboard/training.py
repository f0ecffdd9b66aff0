"""`betalens train`: a table of studies in, a checkpoint out."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from explain.publish import publish
from model.arrays import StudyArrays, joined, load_arrays
from model.config import FEW, Config, suited
from model.crossval import folds as folds_of
from model.crossval import out_of_fold
from model.data import StudyTable, open_studies, split_of
from model.demo.table import SUMMARY as DEMO_SUMMARY
from model.demo.table import extra_arrays, outlines
from model.engine import choose_device
from model.errors import ChoiceError, StudyTableError
from model.network import Network
from model.scored import Scored
from model.train import train
from model.training_state import folder_beside, forget, has_state

SUMMARY = "A fused image-and-report model, trained with `betalens train`."
FOLDS = 5
FOLD = "fold-"


def train_checkpoint(
    studies: Path | None,
    out: Path,
    fields: dict,
    extra: Path | None,
    half: bool,
    device: str,
    resume: bool = False,
    folds: int | None = None,
) -> dict | None:
    """Train on a table and write the checkpoint. Its state after each epoch and its logs lie beside it.

    Args:
        fields: of `Config`, over those that suit the number of studies; findings and problem type come from the table.
        extra: a folder of further rendered films for the embedded demo.
        resume: go on from the end of the last epoch of a training that was interrupted.
        folds: cross-validate over patients in so many folds and train on every study; 0 holds out the splits val and
            test; None cross-validates where studies are few and the table names no splits.

    Returns:
        The digest of the model and how many studies were used and skipped. None in a process of several that is not
        the main one.

    Raises:
        ChoiceError: a field is unknown or out of bounds.
        StudyTableError: the table cannot be used.
        TrainingError: it cannot start, or not go on.
    """
    table = open_studies(studies)
    few = len(table.studies) < FEW
    fields = suited(fields, len(table.studies))
    config = Config.from_dict({**fields, "findings": table.findings, "problem_type": table.problem_type})
    for line in table.words():
        tqdm.write(line, file=sys.stderr)
    if few:
        tqdm.write(
            f"{len(table.studies)} studies are few: unless asked otherwise, encoders stay as they came.", sys.stderr
        )
    if folds is None:
        folds = FOLDS if few and _drawn(table) else 0
    job = Job(table, config, choose_device(device), folder_beside(out), resume)
    made = job.cross_validated(folds) if folds else job.held_out(extra)
    if not PartialState().is_main_process:
        return None
    digest = publish(
        made.network,
        table,
        out,
        job.device,
        made.summary,
        half,
        lambda r: tqdm(r, desc="measuring", unit="batch"),
        made.out_of_fold,
    )
    if made.complete:
        for folder in (job.folder, *job.folder.glob(f"{FOLD}*")):
            forget(folder)
    return {"checkpoint": str(out), "digest": digest, "studies": made.studies, "skipped": len(table.skipped)}


class Made(NamedTuple):
    """A trained network, and what it was made of."""

    network: Network
    complete: bool  # False where Ctrl-C ended its training early
    studies: int
    summary: str
    out_of_fold: Scored | None = None


class Job(NamedTuple):
    """A training: of what, how and where."""

    table: StudyTable
    config: Config
    device: torch.device
    folder: Path  # for its state and logs
    resume: bool

    def held_out(self, extra: Path | None) -> Made:
        """Train on split train, with split val to choose the best epoch."""
        data, validation = _arrays(self.table, self.config, "train"), _arrays(self.table, self.config, "val")
        summary = DEMO_SUMMARY if self.table.is_demo else SUMMARY
        if extra:
            data = joined(data, extra_arrays(extra, self.config.image_size))
            summary += f"\n\nIt was trained on {len(data):,} films, with further ones of training reports among them."
        network = self._network()
        complete = train(network, data, validation, self.device, self.folder, self.resume)
        return Made(network, complete, len(data), summary)

    def cross_validated(self, count: int) -> Made:
        """Judge every study by a network that did not see its patient, then train on all of them.

        Raises:
            KeyboardInterrupt: Ctrl-C in one of the folds; `resume` goes on.
        """
        data = _arrays(self.table, self.config, "all")
        studies = tuple(self.table.by_id(i) for i in data.study_ids)

        def trained(number: int, part: StudyArrays) -> Network:
            tqdm.write(f"Fold {number + 1} of {count}: {len(part)} studies to learn from.", file=sys.stderr)
            network, folder = self._network(), self.folder / f"{FOLD}{number + 1}"
            if not train(network, part, None, self.device, folder, self.resume and has_state(folder)):
                raise KeyboardInterrupt
            return network

        logits = out_of_fold(data, folds_of(studies, count, self.config.seed), trained)
        tqdm.write(f"The model itself: {len(data)} studies to learn from.", file=sys.stderr)
        network = self._network()
        complete = train(network, data, None, self.device, self.folder, self.resume and has_state(self.folder))
        summary = f"{SUMMARY} It has learnt from every study of its table; its figures are of {count} others like it, "
        summary += "each measured on patients that it had not seen."
        # As they will be kept, so that the model card says what can be computed from them again.
        kept = logits.astype(np.float16).astype(np.float32)
        return Made(network, complete, len(data), summary, Scored(studies, data.has, kept))

    def _network(self) -> Network:
        torch.manual_seed(self.config.seed)
        return Network(self.config)


def _drawn(table: StudyTable) -> bool:
    """Whether the table names no splits, so that they were drawn."""
    return all(s.split == split_of(s.patient_id) for s in table.studies)


def _arrays(table: StudyTable, config: Config, split: str) -> StudyArrays:
    try:
        chosen = tuple(s for s in table.of_split(split) if not s.discordant)
    except ChoiceError as error:
        raise StudyTableError(f"{table.name} has no study in split {split}, which training needs.") from error
    masks = outlines(chosen) if table.is_demo and config.mask_weight else None
    return load_arrays(
        chosen, config.findings, config.image_size, lambda s: tqdm(s, desc=f"reading {split}", unit="film"), masks
    )
