"""`betalens compose`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Device, Json, progress_bar, show

ORDER = 22


def command(
    out: Annotated[Path, typer.Option(help="Folder to write the checkpoint to.")],
    classifier: Annotated[
        str, typer.Option(help="A classifier of films that `betalens weights` fetched.")
    ] = "densenet121-res224-all",
    report_encoder: Annotated[
        str, typer.Option(help="A BERT, as in a config. Default: the packaged MiniLM.", show_default=False)
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model that is in --out.")] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Make a model of a published film classifier and of real reports, without films of one's own.

    At β = 1 it gives torchxrayvision's probabilities. Its report side is fitted to the Indiana University reports,
    which takes a quarter of an hour on two cores. Its card says what was not measured: not for diagnosis.
    """
    from dashboard.workflows.train import refuse_existing_checkpoint
    from explain.compose import compose
    from model.inference.engine import choose_device
    from model.studies.demo.reports import load_reports

    refuse_existing_checkpoint(out, overwrite=overwrite)
    made = compose(
        classifier,
        tuple(load_reports().values()),
        out,
        choose_device(device),
        report_encoder,
        progress_bar("reports", "step"),
    )
    show(
        {
            "checkpoint": str(out),
            "digest": made.digest,
            "findings": made.findings,
            "by_film_alone": made.silent,
            "auroc_of_reports": {f: round(a, 4) for f, a in made.auroc.items() if f not in made.silent and a == a},
            "measured_on_films": None,
        },
        json_,
    )
