"""`betalens compare`: trains what is not trained yet, lets every model decide, and sets them side by side."""

import sys
from pathlib import Path

from rich.table import Table
from tqdm import tqdm

from dashboard.training import train_checkpoint
from model import checkpoint
from model.bootstrap import Band
from model.config import Config, suited
from model.data import StudyTable
from model.engine import Engine
from model.errors import TrainingError
from model.kept import read_arrays
from model.reference import NAME as REFERENCE
from model.side_by_side import WAYS, Standing, compare, compared_studies, decide
from model.training_state import unfinished


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
    """Measure checkpoints on the test split of a table: see `model.side_by_side`.

    Returns:
        Plain numbers, rounded to 4 decimals: the studies, and a standing for each model.

    Raises:
        ChoiceError: the table has no test split, or they decide on different findings.
        CheckpointError: a checkpoint cannot be used.
    """
    names = [f.name for f in folders]
    facts, decisions = {}, {}
    for folder in folders:
        name = folder.name if names.count(folder.name) == 1 else str(folder)
        engine = Engine.load(folder, device)
        decisions[name] = decide(engine, table, lambda r, n=name: tqdm(r, desc=f"encoding for {n}", unit="batch"))
        facts[name] = {"checkpoint": str(folder), "digest": engine.digest, "fusion": engine.config.fusion}
    result = compare(decisions, compared_studies(table))
    return {
        "table": table.name,
        "split": "test",
        **{name: getattr(result, name) for name in ("n", "patients", "resamples")},
        "models": [{"name": n, **facts[n], **_plain(s)} for n, s in result.standings.items()],
    }


def as_table(result: dict) -> Table:
    """What `compare_checkpoints` found, for a terminal: intervals stand below their values."""
    table = Table(
        title=f"Macro AUROC on {result['n']} test studies of {result['patients']} patients of {result['table']}",
        caption="Below each value its 95 % interval over patients. β is chosen on the validation split.",
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
    own = Config.from_json((folder / checkpoint.CONFIG).read_text(encoding="utf-8"))
    # The embeddings in a checkpoint are those of the table that it was trained on.
    of_table = read_arrays(folder / f"{REFERENCE}.safetensors", table) is not None
    if not of_table or vars(own) | {"default_beta": 0} != vars(config) | {"default_beta": 0}:
        raise TrainingError(
            f"{folder} holds a model of other options or studies; give another --out, or compare it with --checkpoint."
        )


def _plain(standing: Standing) -> dict:
    return {
        "beta": standing.beta,
        "beta_from": standing.beta_from,
        "auroc": {way: _numbers(b) for way, b in standing.auroc.items()},
        "difference": {way: _numbers(b) for way, b in standing.difference.items()},
    }


def _numbers(band: Band) -> dict[str, float | None]:
    return {k: None if v != v else round(float(v), 4) for k, v in band._asdict().items()}


def _cell(band: dict[str, float | None], sign: str = "") -> str:
    if band["value"] is None:
        return "–"
    low, high = (f"{band[k]:{sign}.3f}" for k in ("low", "high"))
    return f"{band['value']:{sign}.3f}\n{low} {high}" if sign else f"{band['value']:.3f}\n{low}–{high}"
