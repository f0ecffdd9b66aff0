"""`betalens compare`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import ConfigFile, Device, Epochs, Json, Seed, Studies, open_table, read_config, show

ORDER = 35


def command(
    studies: Studies = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="Folder of a checkpoint to compare; may be repeated.")
    ] = None,
    fusion: Annotated[
        list[str] | None,
        typer.Option(help="A fusion to train a model with, and to compare; may be repeated. See `betalens options`."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to train into: a folder a fusion.")] = None,
    config: ConfigFile = None,
    epochs: Epochs = None,
    seed: Seed = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Compare models on the test split: macro AUROC from the image, the report and both, with 95 % intervals.

    The difference to the first model is a paired one: the same resamples of patients serve all. What was trained before
    into the same folder is not trained again; a training that was interrupted goes on.
    """
    from rich import print as print_rich

    from dashboard.workflows.compare import as_table, compare_checkpoints, train_each
    from model.errors import ChoiceError

    fusions, folders = tuple(dict.fromkeys(fusion or ())), tuple(dict.fromkeys(checkpoint or ()))
    if len(fusions) + len(folders) < 2:
        raise ChoiceError("Name at least two models to compare, with --checkpoint and --fusion.")
    if fusions and not out:
        raise ChoiceError("--fusion trains a model for each; say where to with --out.")
    table = open_table(studies)
    fields = read_config(config, epochs=epochs, seed=seed)
    trained = train_each(studies, table, out, fusions, fields, device) if fusions and out else []
    result = compare_checkpoints([*folders, *trained], table, device)
    if json_:
        show(result, as_json=True)
    else:
        print_rich(as_table(result))
