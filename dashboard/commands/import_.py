"""`betalens import`, a command for each source."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from dashboard.console import Json, show
from model.importing.sources import sources

ORDER = 15

app = typer.Typer(
    help="Turn studies from elsewhere into a table to train on, and say what was left out and why.",
    no_args_is_help=True,
)

Out = Annotated[Path | None, typer.Option(help="Folder to write studies.csv to. (default: that of the images)")]
Copy = Annotated[bool, typer.Option("--copy", help="Copy images that lie outside --out, instead of linking them.")]
KeepAll = Annotated[
    bool,
    typer.Option(
        "--keep-all", help="Keep what is no frontal radiograph of a chest, too, or does not hang as one is read."
    ),
]
Seed = Annotated[int, typer.Option(help="Of the splits of studies that come without one.", min=0)]


def _command(source: ModuleType) -> Callable:
    asks = getattr(source, "REPORTS", "")

    def command(
        path: Annotated[Path, typer.Argument(help=source.PATH, show_default=False)],
        reports: Annotated[Path | None, typer.Option(help=asks, hidden=not asks)] = None,
        out: Out = None,
        copy: Copy = False,
        keep_all: KeepAll = False,
        seed: Seed = 0,
        json_: Json = False,
    ) -> None:
        from tqdm import tqdm

        from model.importing.import_studies import import_studies

        try:
            opened = source.open_source(path, reports, lambda r: tqdm(r, desc="looking", leave=False))
            target = out or opened.folder
            done = import_studies(
                opened,
                target,
                copy,
                seed,
                keep_all,
                lambda r, total: tqdm(r, desc="importing", total=total, unit="record"),
            )
        except KeyboardInterrupt:
            print("Interrupted: nothing was written.", file=sys.stderr)
            raise typer.Exit(130) from None
        if json_:
            show(done.summary(), True)
        else:
            print("\n".join([*done.in_words(), "", f"The table: {target / 'studies.csv'}"]))

    return command


for _name, _source in sources().items():
    app.command(_name, help=re.sub(r"(?<!\n)\n(?!\n)", " ", _source.__doc__ or ""))(_command(_source))
