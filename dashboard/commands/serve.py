"""`betalens serve`."""

from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Feedback, Replica, Studies, open_table

ORDER = 10


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    device: Device = "auto",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 7860,
    feedback: Feedback = "feedback",
    replica: Replica = "",
) -> None:
    """Start the dashboard and say where it is."""
    from dashboard.app import serve as serve_page
    from model.engine import Engine
    from model.feedback import open_store

    engine, table = Engine.load(checkpoint, device), open_table(studies)
    serve_page(engine, table, open_store(feedback, replica), host=host, port=port)
