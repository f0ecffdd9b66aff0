"""`betalens trust`."""

import json
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, Split, Studies, method_names, open_table, progress_bar, show

ORDER = 60


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    split: Split = "test",
    cases: Annotated[int, typer.Option(help="True positives to test of each modality; 0 for all.", min=0)] = 40,
    image_method: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {method_names('image')}; or none; may be repeated. Default: all."),
    ] = None,
    report_method: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {method_names('report')}; or none; may be repeated. Default: all."),
    ] = None,
    truth_only: Annotated[
        bool, typer.Option("--truth-only", help="Only the tests against the truth: much faster.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write the result into the checkpoint, for the Trust tab.")
    ] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Test explanations: against the truth where it is known, against random order, noise and a random network."""
    from explain.methods.registry import chosen_methods
    from explain.trust.evaluate import TRUST_FILE, measure_explanations
    from model.inference.engine import Engine
    from model.storage.files import atomic_write

    names = chosen_methods(image_method, report_method)
    engine = Engine.load(checkpoint, device)
    table = open_table(studies, engine.config)
    result = measure_explanations(engine, table, split, names, cases, truth_only, progress_bar(unit="case"))
    stopped = result.get("interrupted", False)
    if keep and not stopped:
        assert engine.folder  # it was loaded
        atomic_write(engine.folder / TRUST_FILE, (json.dumps(result, indent=1) + "\n").encode(), 0o644)
    show(result, json_)
    if stopped:
        raise typer.Exit(130)
