"""The command line: `betalens serve | train | evaluate | explain | trust`.

Each command works on the embedded demo where no checkpoint and no studies are named. What a person did wrong is one
sentence and exit status 2.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import BetaLensError

if TYPE_CHECKING:
    from model.data import StudyTable

# Before gradio and the hub's libraries are imported: nothing leaves this machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

app = typer.Typer(help=__doc__.split("\n\n")[1], no_args_is_help=True, add_completion=False)

Checkpoint = Annotated[Path | None, typer.Option(help="Folder of a checkpoint. [default: the embedded demo's]")]
Studies = Annotated[Path | None, typer.Option(help="A studies.csv. [default: the embedded demo's]")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes the GPU where there is one.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


@app.command()
def serve(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    device: Device = "auto",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    feedback: Annotated[Path, typer.Option(help="Folder that flags are kept in.", envvar="BETALENS_FEEDBACK")] = Path(
        "feedback"
    ),
) -> None:
    """Start the dashboard and say where it is."""
    from dashboard.app import serve as serve_page
    from model.engine import Engine
    from model.feedback import FeedbackStore

    engine, table = Engine.load(checkpoint, device), _open(studies)
    serve_page(engine, table, FeedbackStore(feedback), host=host, port=port)


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder to write the checkpoint to.")],
    studies: Studies = None,
    config: Annotated[Path | None, typer.Option(help="A JSON file of config fields; see `betalens options`.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training studies.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw.", min=0)] = None,
    extra: Annotated[
        Path | None, typer.Option(help="Folder of further rendered films (for the embedded demo alone).")
    ] = None,
    half: Annotated[bool, typer.Option(help="Store the weights in 16 bits.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on from the last whole epoch of an interrupted training.")] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Train a model on a table of studies. Ctrl-C ends it early and keeps the best weights so far.

    `accelerate launch -m dashboard.cli train …` trains on several GPUs and machines.
    """
    from dashboard.training import train_checkpoint

    fields = _read_config(config) if config else {}
    given = {"epochs": epochs, "seed": seed}
    fields |= {name: value for name, value in given.items() if value is not None}
    result = train_checkpoint(studies, out, fields, extra, half, device, resume)
    if result is not None:
        _print(result, json_)


@app.command()
def evaluate(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    split: Annotated[str, typer.Option(help="train, val, test or all.")] = "test",
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """AUROC and calibration of a model over β. Discordant studies are left out: no label judges both their parts."""
    from tqdm import tqdm

    from model import evaluate as evaluation
    from model.engine import Engine
    from model.reference import encode_studies

    engine, chosen = Engine.load(checkpoint, device), _open(studies).of_split(split)
    reference = encode_studies(engine, chosen, lambda r: tqdm(r, desc="encoding", unit="batch"))
    _print(evaluation.evaluate(engine, reference, chosen).to_json(), json_)


@app.command()
def explain(
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

    film = read_film(_read(image)) if image else None
    text = _read(Path(report[1:])).decode("utf-8", "replace") if report.startswith("@") else report
    result = explain_case(Engine.load(checkpoint, device), film, read_report(text), beta, finding, out)
    _print(result, json_)


@app.command()
def trust(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    split: Annotated[str, typer.Option(help="train, val, test or all.")] = "test",
    cases: Annotated[int, typer.Option(help="True positives to test of each modality; 0 for all.", min=0)] = 40,
    image_method: Annotated[
        list[str] | None, typer.Option(help="A method for the film, or none; may be repeated. [default: all]")
    ] = None,
    report_method: Annotated[
        list[str] | None, typer.Option(help="A method for the report, or none; may be repeated. [default: all]")
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
    from tqdm import tqdm

    from explain.methods import chosen_methods
    from explain.trust import KEPT, measure
    from model.engine import Engine

    names = chosen_methods(image_method, report_method)
    engine, table = Engine.load(checkpoint, device), _open(studies)
    result = measure(engine, table, split, names, cases, truth_only, lambda r: tqdm(r, unit="case"))
    stopped = result.get("interrupted", False)
    if keep and not stopped:
        (engine.folder / KEPT).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    _print(result, json_)
    if stopped:
        raise typer.Exit(130)


@app.command()
def options(json_: Json = False) -> None:
    """List the fields of a config: default, bounds and help."""
    from model.config import Config

    rows = {
        f.name: {"default": f.default, **{k: v for k, v in f.metadata.items() if v not in (None, ())}}
        for f in dataclasses.fields(Config)
    }
    _print(rows, json_)


def _open(studies: Path | None) -> "StudyTable":
    """The table; which of its rows cannot be used is said on the standard error."""
    from model.data import open_studies
    from model.rows import skipped_in_words

    table = open_studies(studies)
    for line in skipped_in_words(table.name, table.skipped):
        print(line, file=sys.stderr)
    return table


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.") from error


def _read_config(path: Path) -> dict:
    try:
        return dict(json.loads(_read(path)))
    except ValueError as error:
        raise typer.BadParameter(f"{path} is no JSON object of config fields.") from error


def _print(result: dict, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for key, value in result.items():
            print(f"{key}: {json.dumps(value, ensure_ascii=False)}")


def main() -> None:
    """Run the command line: exit status 2 and one sentence for what a person did wrong."""
    try:
        app()
    except BetaLensError as error:
        print(f"betalens: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
