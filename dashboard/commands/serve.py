"""`betalens serve`."""

from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Feedback, Replica, ServedModels, Studies, open_table

ORDER = 10


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    device: Device = "auto",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    feedback: Feedback = "feedback",
    replica: Replica = "",
    models: ServedModels = None,
) -> None:
    """Start the dashboard and say where it is.

    With --models the promoted version is served, and whichever is promoted later takes its place without a restart.
    Where none is promoted yet, --checkpoint (or the embedded demo's) becomes the first.
    """
    from dashboard.app import serve as serve_page
    from model.engine import Engine
    from model.feedback import open_store
    from model.versions import Versions, base_version

    table, versions = open_table(studies), Versions(models) if models else None
    folder = versions.path(base_version(versions, checkpoint)) if versions else checkpoint
    engine = Engine.load(folder, device)
    serve_page(engine, table, open_store(feedback, replica), host=host, port=port, versions=versions)
