"""What the commands of `betalens` share: options, how a file is read, how a result is printed."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from model.data import StudyTable

Checkpoint = Annotated[Path | None, typer.Option(help="Folder of a checkpoint. Default: the embedded demo's.")]
Studies = Annotated[Path | None, typer.Option(help="A studies.csv. Default: the embedded demo's.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes the GPU where there is one.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Feedback = Annotated[
    str,
    typer.Option(
        help="Where flags are kept: a folder, or postgresql+psycopg://USER@HOST/DATABASE.", envvar="BETALENS_FEEDBACK"
    ),
]
Replica = Annotated[
    str,
    typer.Option(help="Name of this server among several on one folder of flags.", envvar="BETALENS_REPLICA"),
]

Models = Annotated[Path, typer.Option(help="Folder of the versions of a model.", envvar="BETALENS_MODELS")]
ServedModels = Annotated[
    Path | None, typer.Option(help="Folder of versions: serve the promoted one.", envvar="BETALENS_MODELS")
]


def open_table(studies: Path | None) -> "StudyTable":
    """The table; what should be known of it is said on the standard error.

    Raises:
        StudyTableError: it cannot be used at all.
    """
    from model.data import open_studies

    table = open_studies(studies)
    for line in table.words():
        print(line, file=sys.stderr)
    return table


def read_bytes(path: Path) -> bytes:
    """A file that a person named.

    Raises:
        typer.BadParameter: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.") from error


def read_config(path: Path) -> dict:
    """The fields of a config in a JSON file.

    Raises:
        typer.BadParameter: it cannot be read, or is no JSON object.
    """
    try:
        return dict(json.loads(read_bytes(path)))
    except ValueError as error:
        raise typer.BadParameter(f"{path} is no JSON object of config fields.") from error


def show(result: dict, as_json: bool) -> None:
    """Print a result: one JSON object, or a line a field."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for key, value in result.items():
            print(f"{key}: {json.dumps(value, ensure_ascii=False)}")
