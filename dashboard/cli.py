"""The command line: `betalens COMMAND`, a file a command in `dashboard/commands`.

Each command works on the embedded demo where no checkpoint and no studies are named. What a person did wrong is one
sentence and exit status 2.
"""

import os
import sys
from typing import Any

from model.compute import threads

if sys.argv[1:2] == ["serve"]:
    threads.narrow()  # before the commands import NumPy and PyTorch

import typer
from typer.core import TyperGroup

from dashboard.commands import register
from model.errors import BetaLensError

# Before gradio and the hub's libraries are imported: nothing leaves this machine, and one command alone fetches.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
if sys.argv[1:3] != ["weights", "fetch"]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

INTERRUPTED = 130  # as a shell has it for SIGINT


class Program(TyperGroup):
    """Every command ends in a sentence, whatever stops it."""

    def invoke(self, ctx: Any) -> object:  # typer has a click.Context of its own, and keeps it private
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print("betalens: Interrupted.", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None


assert __doc__  # without python -OO
app = typer.Typer(cls=Program, help=__doc__.split("\n\n")[1], no_args_is_help=True, add_completion=False)
register(app)


def main() -> None:
    """Run the command line: exit status 2 and one sentence for what a person did wrong, or a disk refuses."""
    try:
        app()
    except BetaLensError as error:
        print(f"betalens: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.strerror is None:  # no disk's
            raise
        name = f"{error.filename}: " if error.filename else ""
        print(f"betalens: {name}{error.strerror}: name another place, or make room in this one.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
