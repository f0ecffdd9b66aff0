"""`betalens train`: a table of studies in, a checkpoint out."""

import sys
from pathlib import Path

import torch
from accelerate import PartialState
from tqdm import tqdm

from explain.publish import publish
from model.arrays import StudyArrays, joined, load_arrays
from model.config import Config
from model.data import StudyTable, open_studies
from model.demo.table import SUMMARY as DEMO_SUMMARY
from model.demo.table import extra_arrays, outlines
from model.engine import choose_device
from model.errors import ChoiceError, StudyTableError
from model.network import Network
from model.rows import skipped_in_words
from model.train import train
from model.training_state import folder_beside, forget

SUMMARY = "A fused image-and-report model, trained with `betalens train`."


def train_checkpoint(
    studies: Path | None, out: Path, fields: dict, extra: Path | None, half: bool, device: str, resume: bool = False
) -> dict | None:
    """Train on a table and write the checkpoint. Its state after each epoch and its logs lie beside it.

    Args:
        fields: of `Config`; findings and problem type come from the table.
        extra: a folder of further rendered films for the embedded demo.
        resume: go on from the end of the last epoch of a training that was interrupted.

    Returns:
        The digest of the model and how many studies were used and skipped. None in a process of several that is not
        the main one.

    Raises:
        ChoiceError: a field is unknown or out of bounds.
        StudyTableError: the table cannot be used.
        TrainingError: it cannot start, or not go on.
    """
    table = open_studies(studies)
    config = Config.from_dict({**fields, "findings": table.findings, "problem_type": table.problem_type})
    for line in skipped_in_words(table.name, table.skipped):
        tqdm.write(line, file=sys.stderr)
    where = choose_device(device)
    torch.manual_seed(config.seed)
    network = Network(config)
    data, validation = _arrays(table, config, "train"), _arrays(table, config, "val")
    if extra:
        data = joined(data, extra_arrays(extra, config.image_size))
    done = train(network, data, validation, where, folder_beside(out), resume)
    if not PartialState().is_main_process:
        return None
    summary = DEMO_SUMMARY if table.is_demo else SUMMARY
    if extra:
        summary += f"\n\nIt was trained on {len(data):,} films, with further ones of training reports among them."
    digest = publish(network, table, out, where, summary, half, lambda r: tqdm(r, desc="measuring", unit="batch"))
    if done:
        forget(folder_beside(out))
    return {"checkpoint": str(out), "digest": digest, "studies": len(data), "skipped": len(table.skipped)}


def _arrays(table: StudyTable, config: Config, split: str) -> StudyArrays:
    try:
        chosen = tuple(s for s in table.of_split(split) if not s.discordant)
    except ChoiceError as error:
        raise StudyTableError(f"{table.name} has no study in split {split}, which training needs.") from error
    masks = outlines(chosen) if table.is_demo and config.mask_weight else None
    return load_arrays(
        chosen, config.findings, config.image_size, lambda s: tqdm(s, desc=f"reading {split}", unit="film"), masks
    )
