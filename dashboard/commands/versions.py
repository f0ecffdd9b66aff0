"""`betalens versions`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Json, Models, show

ORDER = 27

app = typer.Typer(help="List the versions of a model, promote one, go back.", no_args_is_help=True)


@app.command("list")
def list_(models: Models = Path("models"), json_: Json = False) -> None:
    """Every version: when it was made and from what. The promoted one is marked."""
    from model.finetuning.versions import Versions

    found = Versions(models).list()
    if json_:
        show({"versions": [version._asdict() for version in found]}, True)
    for version in found if not json_ else ():
        mark = "*" if version.promoted else " "
        typer.echo(f"{mark} {version.name}  {version.digest[:12]}  {version.made}  {version.how} from {version.parent}")


@app.command()
def add(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a checkpoint.")], models: Models = Path("models")
) -> None:
    """Make a version of a copy of a checkpoint, such as a newly trained one. It is not promoted."""
    from model.finetuning.versions import Versions

    typer.echo(Versions(models).adopt(checkpoint))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Its name, as `list` shows it.")], models: Models = Path("models")
) -> None:
    """Serve a version from now on; running servers swap to it by themselves."""
    from model.finetuning.versions import Versions

    Versions(models).promote(version)
    typer.echo(f"Version {version} is promoted.")


@app.command()
def rollback(models: Models = Path("models")) -> None:
    """Serve the version that was promoted before this one."""
    from model.finetuning.versions import Versions

    typer.echo(f"Version {Versions(models).rollback()} is promoted.")
