"""What the commands of `betalens` share: options, how a file is read, how a result is printed."""

import json
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from model.config import Config
    from model.progress import Progress
    from model.studies.table import StudyTable

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

Split = Annotated[str, typer.Option(help="train, val, test or all.")]
ConfigFile = Annotated[Path | None, typer.Option(help="A JSON file of config fields; see `betalens options`.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training studies.", min=1)]
Seed = Annotated[int | None, typer.Option(help="Of every random draw.", min=0)]


def method_names(modality: str) -> str:
    """The methods of explanation for `image` or `report`, for a line of help. They are named after their files, as
    `explain.methods.registry` has them, which would load PyTorch."""
    package = find_spec("explain")
    places = (package and package.submodule_search_locations) or ()
    folders = [str(Path(place, "methods", modality)) for place in places]
    return ", ".join(sorted(module.name for module in iter_modules(folders)))


def open_table(studies: Path | None, config: "Config | None" = None) -> "StudyTable":
    """The table; what should be known of it is said on the standard error.

    Args:
        config: of a model that is measured on it: it names the findings.

    Raises:
        StudyTableError: it cannot be used at all, or names a finding that the model does not know.
    """
    from model.studies.finding_names import named_for
    from model.studies.opening import open_studies

    table = open_studies(studies)
    if config:
        table = named_for(table, config)
    for line in table.warnings():
        print(line, file=sys.stderr)
    return table


def progress_bar(name: str | None = None, unit: str = "it") -> "Progress":
    """Counts the steps of a loop on the standard error."""
    from tqdm import tqdm

    return partial(tqdm, desc=name, unit=unit)


def read_bytes(path: Path) -> bytes:
    """A file that a person named.

    Raises:
        typer.BadParameter: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.") from error


def read_text(path: Path) -> str:
    """The text in a file that a person named. An encoding that is guessed is said on the standard error.

    Raises:
        typer.BadParameter: it cannot be read.
        ReportError: it is no text, or in an encoding that cannot be told.
    """
    from model.inputs.text import decode_text

    text, encoding = decode_text(read_bytes(path))
    if not encoding.startswith("UTF"):
        print(f"{path} is not in UTF-8 and is read as {encoding}; see that its letters are right.", file=sys.stderr)
    return text


def read_config(path: Path | None, **given: int | None) -> dict:
    """The fields of a config in a JSON file, if one is named, and over them those that were given.

    Raises:
        typer.BadParameter: it cannot be read, or is no JSON object.
    """
    known = {name: value for name, value in given.items() if value is not None}
    if path is None:
        return known
    try:
        fields = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"{path} is no JSON object of config fields.") from error
    if not isinstance(fields, dict):
        raise typer.BadParameter(f"{path} is no JSON object of config fields, but a {type(fields).__name__}.")
    return fields | known


def show(result: dict, as_json: bool) -> None:
    """Print a result: one JSON object, or a line a field."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for key, value in result.items():
            print(f"{key}: {json.dumps(value, ensure_ascii=False)}")
