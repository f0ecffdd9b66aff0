"""The command line: `betalens COMMAND`, a file a command in `dashboard/commands`.

Each command works on the embedded demo where no checkpoint and no studies are named. What a person did wrong is one
sentence and exit status 2.
"""

import os
import sys

import typer

from dashboard.commands import register
from model.errors import BetaLensError

# Before gradio and the hub's libraries are imported: nothing leaves this machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

app = typer.Typer(help=__doc__.split("\n\n")[1], no_args_is_help=True, add_completion=False)
register(app)


def main() -> None:
    """Run the command line: exit status 2 and one sentence for what a person did wrong."""
    try:
        app()
    except BetaLensError as error:
        print(f"betalens: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
