"""`betalens train`: a table of studies in, a checkpoint out."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from dashboard.console import progress_bar
from explain.publish import publish
from model.config import FEW, Config, suited
from model.errors import ChoiceError, StudyTableError, TrainingError
from model.inference.engine import choose_device
from model.inference.predictions import Scored
from model.inference.provenance import Provenance, State
from model.network.checkpoint import MANIFEST
from model.network.encoders.report import ReportEncoder
from model.network.network import Network
from model.storage.files import exclusive
from model.studies.arrays import StudyArrays, joined, load_arrays
from model.studies.demo.table import extra_arrays
from model.studies.opening import open_studies
from model.studies.table import StudyTable, split_of
from model.training.cross_validation import FOLDS, differing, out_of_fold, state_of
from model.training.cross_validation import folds as folds_of
from model.training.resume import folder_beside, forget, has_state, unfinished
from model.training.train import train

SUMMARY = "A fused image-and-report model, trained with `betalens train`."
FOLD = "fold-"
LOCK = ".lock"


def train_checkpoint(
    studies: Path | None,
    out: Path,
    fields: dict,
    extra: Path | None,
    half: bool,
    device: str,
    resume: bool = False,
    folds: int | None = None,
    overwrite: bool = False,
) -> dict | None:
    """Train on a table and write the checkpoint. Its state after each epoch and its logs lie beside it.

    Args:
        fields: of `Config`, over those that suit the number of studies; findings and problem type come from the table.
        extra: a folder of further rendered films for the embedded demo.
        resume: go on from the end of the last epoch of a training that was interrupted.
        folds: cross-validate over patients in so many folds and train on every study; 0 holds out the splits val and
            test; None cross-validates where studies are few and the table names no splits.
        overwrite: replace the model that is there.

    Returns:
        The digest of the model and how many studies were used and skipped. None in a process of several that is not
        the main one.

    Raises:
        ChoiceError: a field is unknown, out of bounds or the table's to say.
        StudyTableError: the table cannot be used, or holds nothing to learn.
        TrainingError: it cannot start, or not go on; a model is there already, or another training writes one there.
        OSError: the folder cannot be written.
    """
    refuse_existing_checkpoint(out, resume, overwrite)
    with _alone_into(out) as folder:
        refuse_decided(fields)
        table = open_studies(studies)
        few = len(table.studies) < FEW
        fields = suited(fields, len(table.studies))
        config = Config.from_dict({**fields, "findings": table.findings, "problem_type": table.problem_type})
        for line in table.warnings():
            tqdm.write(line, file=sys.stderr)
        if few:
            tqdm.write(
                f"{len(table.studies)} studies are few: unless asked otherwise, encoders stay as they came.", sys.stderr
            )
        refuse_one_class(table)
        if folds is None and not (few and _drawn(table)):
            folds = 0
        job = TrainingRun(table, config, choose_device(device), folder, resume)
        return job.published(job.held_out(extra) if folds == 0 else job.cross_validated(folds), out, half)


def refuse_existing_checkpoint(out: Path, resume: bool = False, overwrite: bool = False) -> None:
    """No finished model is replaced unasked, and nothing that is none is replaced at all.

    Raises:
        TrainingError: the folder holds something.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())) or (resume and unfinished(out)):
        return
    if not (out / MANIFEST).is_file():
        raise TrainingError(f"{out} is there and is no model: name a folder for it that is not there yet.")
    if not overwrite:
        raise TrainingError(f"{out} holds a model: name another --out, or replace that model with --overwrite.")


@contextlib.contextmanager
def _alone_into(out: Path) -> Iterator[Path]:
    """The folder for the state of a training into `out`, while no other one writes there.

    Raises:
        TrainingError: another one does.
        OSError: the folder cannot be made.
    """
    folder = folder_beside(out)
    folder.mkdir(parents=True, exist_ok=True)
    taken = TrainingError(f"Another training into {out} is under way: wait for its end, or name another --out.")
    with exclusive(folder / LOCK, taken) if PartialState().is_main_process else contextlib.nullcontext():
        yield folder


def refuse_decided(fields: dict) -> None:
    """
    Raises:
        ChoiceError: a field says what the table says.
    """
    if decided := [name for name in ("findings", "problem_type") if name in fields]:
        raise ChoiceError(
            f"The config names {' and '.join(decided)}, which the labels of the table say: leave that out of it."
        )


def refuse_one_class(table: StudyTable) -> None:
    """
    Raises:
        StudyTableError: all studies have the same labels, so that there is nothing to tell apart.
    """
    kinds = {s.labels for s in table.studies if not s.discordant}
    if kinds == {frozenset()}:
        raise StudyTableError(f"{table.name} names no finding: give some of its studies a label to learn.")
    if len(kinds) == 1:
        raise StudyTableError(
            f"Every study of {table.name} is labelled {' and '.join(sorted(*kinds))}: a model learns what tells them "
            "apart; add some with another label, or with an empty one for no finding."
        )


class TrainedNetwork(NamedTuple):
    """A trained network, and what it was made of."""

    network: Network
    complete: bool  # False where Ctrl-C ended its training early
    studies: int
    summary: str
    provenance: Provenance
    out_of_fold: Scored | None = None


class TrainingRun(NamedTuple):
    """A training: of what, how and where."""

    table: StudyTable
    config: Config
    device: torch.device
    folder: Path  # for its state and logs
    resume: bool

    def held_out(self, extra: Path | None) -> TrainedNetwork:
        """Train on split train, with split val to choose the best epoch."""
        data, validation = _arrays(self.table, self.config, "train"), _arrays(self.table, self.config, "val")
        summary = self.table.about.summary if self.table.about else SUMMARY
        if extra:
            data = joined(data, extra_arrays(extra, self.config))
            summary += f"\n\nIt was trained on {len(data):,} films, with further ones of training reports among them."
        network = self._network()
        complete = train(network, data, validation, self.device, self.folder, self.resume)
        return TrainedNetwork(network, complete, len(data), summary, Provenance.of(data.contents))

    def cross_validated(self, folds: int | None) -> TrainedNetwork:
        """Judge every study by a network that did not see its patient, then train on all of them.

        Args:
            folds: how many, see `model.training.cross_validation.folds`.

        Raises:
            StudyTableError: the studies are of one patient.
            TrainingError: the patients are too few for so many folds.
            KeyboardInterrupt: Ctrl-C in one of the folds; `resume` goes on.
        """
        data = _arrays(self.table, self.config, "all")
        studies = tuple(self.table.by_id(i) for i in data.study_ids)
        cut = folds_of(studies, folds, self.config.seed, data.contents)

        states: list[State] = []

        def trained(number: int, part: StudyArrays) -> Network:
            tqdm.write(f"Fold {number + 1} of {len(cut)}: {len(part)} studies to learn from.", file=sys.stderr)
            network, folder = self._network(), self.folder / f"{FOLD}{number + 1}"
            if not train(network, part, None, self.device, folder, self.resume and has_state(folder)):
                raise KeyboardInterrupt
            states.append(state_of(network))
            return network

        logits = out_of_fold(data, cut, trained)
        tqdm.write(f"The model itself: {len(data)} studies to learn from.", file=sys.stderr)
        network = self._network()
        complete = train(network, data, None, self.device, self.folder, self.resume and has_state(self.folder))
        summary = (
            f"{SUMMARY} It has learnt from every study of its table; its figures are of {len(cut)} others like it, "
        )
        summary += "each measured on patients that it had not seen."
        fold = np.zeros(len(data), int)
        for number, (_, held_out) in enumerate(cut):
            fold[held_out] = number
        provenance = Provenance.of(data.contents, fold, folds=tuple(differing(network, state) for state in states))
        return TrainedNetwork(network, complete, len(data), summary, provenance, Scored(studies, data.has, logits))

    def published(self, made: TrainedNetwork, out: Path, half: bool) -> dict | None:
        """Write the checkpoint, and forget the state that was kept for going on; what `train_checkpoint` returns."""
        if not PartialState().is_main_process:
            return None
        digest = publish(
            made.network,
            self.table,
            out,
            self.device,
            made.summary,
            made.provenance,
            half,
            progress_bar("measuring", "batch"),
            made.out_of_fold,
        )
        if made.complete:
            for folder in (self.folder, *self.folder.glob(f"{FOLD}*")):
                forget(folder)
        return {"checkpoint": str(out), "digest": digest, "studies": made.studies, "skipped": len(self.table.skipped)}

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
        raise StudyTableError(
            f"{table.name} has no study in split {split}, which training needs: give it some, or cross-validate over "
            f"all studies with --folds {FOLDS}."
        ) from error
    if not chosen:
        raise StudyTableError(f"In split {split} of {table.name} image and report disagree on purpose everywhere.")
    masks = table.about.outlines(chosen) if table.about and config.mask_weight else None
    data = load_arrays(chosen, config, progress_bar(f"reading {split}", "film"), masks)
    encoder = ReportEncoder(config.report_encoder, 0, config.max_tokens)
    if cut := encoder.cut(data.reports):
        tqdm.write(
            f"Of {cut:,} of {len(data.reports):,} reports only the first {encoder.max_tokens} word pieces are read "
            "(max_tokens).",
            file=sys.stderr,
        )
    return data
