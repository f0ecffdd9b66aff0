"""`betalens explain`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, read_bytes, show

ORDER = 50


def command(
    out: Annotated[Path, typer.Option(help="Folder to write explanation.json, heatmap.npy and overlay.png to.")],
    image: Annotated[Path | None, typer.Option(help="A radiograph: PNG, JPEG or DICOM.")] = None,
    report: Annotated[str, typer.Option(help="The report, or @FILE to read it from a file.")] = "",
    beta: Annotated[float | None, typer.Option(help="Weight of the image, 0 to 1. [default: the model's]")] = None,
    finding: Annotated[str | None, typer.Option(help="What to explain. [default: the most probable]")] = None,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Explain one case at one β."""
    from explain.export import explain_case
    from model.engine import Engine
    from model.inputs import read_film, read_report

    film = read_film(read_bytes(image)) if image else None
    text = read_bytes(Path(report[1:])).decode("utf-8", "replace") if report.startswith("@") else report
    result = explain_case(Engine.load(checkpoint, device), film, read_report(text), beta, finding, out)
    show(result, json_)
