"""`betalens train`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import ConfigFile, Device, Epochs, Json, Seed, Studies, read_config, show

ORDER = 20


def command(
    out: Annotated[Path, typer.Option(help="Folder to write the checkpoint to.")],
    studies: Studies = None,
    config: ConfigFile = None,
    epochs: Epochs = None,
    seed: Seed = None,
    extra: Annotated[
        Path | None, typer.Option(help="Folder of further rendered films (for the embedded demo alone).")
    ] = None,
    half: Annotated[bool, typer.Option(help="Store the weights in 16 bits.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on from the last whole epoch of an interrupted training.")] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Cross-validate over patients in so many folds, then train on every study; 0 holds out the splits val "
            "and test. Default: 5 where there are fewer than 1,000 studies and no column split.",
            min=0,
            max=20,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model that is in --out.")] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Train a model on a table of studies. Ctrl-C ends it early and keeps the best weights so far.

    `accelerate launch -m dashboard.cli train …` trains on several GPUs and machines.
    """
    from dashboard.workflows.train import train_checkpoint

    fields = read_config(config, epochs=epochs, seed=seed)
    result = train_checkpoint(studies, out, fields, extra, half, device, resume, folds, overwrite)
    if result is not None:
        show(result, json_)
