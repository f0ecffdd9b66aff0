"""`betalens compare`: trains what is not trained yet, lets every model decide, and sets them side by side."""

import sys
from pathlib import Path

from rich.table import Table

from dashboard.console import progress_bar
from dashboard.workflows.train import refuse_decided, train_checkpoint
from model.config import Config, suited
from model.errors import TrainingError
from model.evaluation.bootstrap import LEAST
from model.evaluation.compare_models import WAYS, ModelResult, compare_models, compared_studies, decide
from model.evaluation.figures import NOT_DEFINED, interval_shown, shown
from model.inference.array_cache import read_arrays
from model.inference.embeddings import REFERENCE
from model.inference.engine import Engine
from model.network import checkpoint
from model.studies.finding_names import named_for
from model.studies.table import StudyTable
from model.training.resume import unfinished


def train_each(
    studies: Path | None, table: StudyTable, out: Path, fusions: tuple[str, ...], fields: dict, device: str
) -> list[Path]:
    """Train a model for each fusion, with the same seed and data, into a folder of its name below `out`.

    One that is trained already is left as it is, and one whose training was interrupted goes on.

    Returns:
        The folders of the checkpoints.

    Raises:
        ChoiceError: a fusion or a field is unknown or out of bounds, or the table has no test split.
        TrainingError: a training cannot start or go on, or a folder holds the model of another one.
        KeyboardInterrupt: Ctrl-C ended a training early.
    """
    refuse_decided(fields)
    compared_studies(table)  # sooner than after hours of training
    common = {**suited(fields, len(table.studies)), "findings": table.findings, "problem_type": table.problem_type}
    configs = {
        name: Config.from_dict({**common, "fusion": name}) for name in fusions
    }  # all are checked before any runs
    for name, config in configs.items():
        folder, resume = out / name, unfinished(out / name)
        if folder.exists() and not resume:
            _expect(folder, config, table)
            continue
        print(f"Training {name} into {folder}.", file=sys.stderr)
        train_checkpoint(studies, folder, {**fields, "fusion": name}, None, False, device, resume, folds=0)
        if unfinished(folder):
            print("The same command again goes on.", file=sys.stderr)
            raise KeyboardInterrupt
    return [out / name for name in configs]


def compare_checkpoints(folders: list[Path], table: StudyTable, device: str) -> dict:
    """Measure checkpoints on the test split of a table: see `model.evaluation.compare_models`.

    Returns:
        Plain numbers, rounded to 4 decimals: the studies, and a standing for each model.

    Raises:
        ChoiceError: the table has no test split, they decide on different findings, or have learnt all of it.
        CheckpointError: a checkpoint cannot be used.
        StudyTableError: the table names a finding that the models do not know.
    """
    names = [f.name for f in folders]
    facts, decisions = {}, {}
    for folder in folders:
        name = folder.name if names.count(folder.name) == 1 else str(folder)
        engine = Engine.load(folder, device)
        if not decisions:  # all must decide on the same findings
            table = named_for(table, engine.config)
        decisions[name] = decide(engine, table, progress_bar(f"encoding for {name}", "batch"))
        facts[name] = {"checkpoint": str(folder), "digest": engine.digest, "fusion": engine.config.fusion}
        facts[name] |= {"said": decisions[name].words}
    result = compare_models(decisions, compared_studies(table))
    return {
        "table": table.name,
        "split": "test",
        **{name: getattr(result, name) for name in ("n", "patients", "resamples", "left_out", "few")},
        "models": [{"name": n, **facts[n], **_plain(s)} for n, s in result.results.items()],
    }


def as_table(result: dict) -> Table:
    """What `compare_checkpoints` found, for a terminal: intervals stand below their values."""
    said = ["Below each value its 95 % interval over patients. β is chosen on the validation split."]
    said += [f"{model['name']}: {model['said']}" for model in result["models"] if model["said"]]
    if result["left_out"]:
        said.append(f"{result['left_out']} test studies that one of them has learnt are left out.")
    if result["few"]:
        named = ", ".join(f"{finding} ({n})" for finding, n in result["few"].items())
        said.append(
            f"Fewer than {LEAST} patients have a finding or lack it, so that intervals are too narrow: {named}."
        )
    if any(
        band["low"] is None and band["value"] is not None
        for model in result["models"]
        for band in model["auroc"].values()
    ):
        said.append("No interval: resamples of these patients come to the same, which says nothing of how sure it is.")
    table = Table(
        title=f"Macro AUROC on {result['n']} test studies of {result['patients']} patients of {result['table']}",
        caption="\n".join(said),
    )
    first = result["models"][0]["name"]
    for name in ("model", "image alone", "report alone", "β", "at β", f"at β, above {first}"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for i, model in enumerate(result["models"]):
        cells = [_cell(model["auroc"][way]) for way in WAYS]
        beta = f"{model['beta']:g}" + ("" if model["beta_from"] == "validation" else "\n(default)")
        table.add_row(model["name"], *cells[:2], beta, cells[2], _cell(model["difference"]["fused"], "+") if i else "")
    return table


def _expect(folder: Path, config: Config, table: StudyTable) -> None:
    """A folder's model must be the one that training would give; its default β may have been chosen since."""
    checkpoint.verify(folder)
    own = checkpoint.read_config(folder)
    # The embeddings in a checkpoint are those of the table that it was trained on.
    of_table = read_arrays(folder / f"{REFERENCE}.safetensors", table) is not None
    if not of_table or vars(own) | {"default_beta": 0} != vars(config) | {"default_beta": 0}:
        raise TrainingError(
            f"{folder} holds a model of other options or studies; give another --out, or compare it with --checkpoint."
        )


def _plain(result: ModelResult) -> dict:
    return {
        "beta": result.beta,
        "beta_from": result.beta_from,
        "auroc": {way: b.to_json() for way, b in result.auroc.items()},
        "difference": {way: b.to_json() for way, b in result.difference.items()},
    }


def _cell(band: dict[str, float | None], sign: str = "") -> str:
    if band["value"] is None:
        return NOT_DEFINED
    return f"{shown(band['value'], sign)}\n{interval_shown(band['low'], band['high'], sign)}"
