"""`betalens serve`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Feedback, Replica, ServedModels, Studies, open_table
from model.errors import AccessError, StudyTableError

ORDER = 10


def _root_path(given: str) -> str:
    """A path with a slash before it and none behind."""
    return f"/{given.strip('/')}" if given.strip("/") else ""


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    device: Device = "auto",
    host: Annotated[str, typer.Option(help="Address to listen on; beyond loopback it takes --access.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any.", min=0, max=65535)] = 7860,
    root_path: Annotated[
        str,
        typer.Option(
            callback=_root_path,
            help="Where a proxy mounts the page, as in /betalens, whether it takes that off what it passes on or not.",
        ),
    ] = "",
    access: Annotated[
        Path | None,
        typer.Option(help="An access.toml: who may do what.", envvar="BETALENS_ACCESS"),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="File for the audit log; with --access alone it goes to the standard error.")
    ] = None,
    feedback: Feedback = "feedback",
    replica: Replica = "",
    models: ServedModels = None,
) -> None:
    """Start the dashboard, with its API, and say where it is.

    With --models the promoted version is served, and whichever is promoted later takes its place without a restart.
    Where none is promoted yet, --checkpoint (or the embedded demo's) becomes the first.
    """
    from dashboard.access import audit as audit_log
    from dashboard.access import open_access
    from dashboard.cases.uploads import use_folder
    from dashboard.guard.hosts import is_loopback
    from dashboard.server import bind, make_app, serve
    from dashboard.serving.model_registry import ModelRegistry
    from dashboard.serving.worker_process import ExplanationWorker
    from model.feedback import open_store
    from model.finetuning.versions import Versions, base_version
    from model.inference.engine import Engine
    from model.studies.finding_names import named_for

    if access is None and not is_loopback(host):
        raise AccessError(
            f"{host} can be reached from other machines: say who may do what with --access (see deploy/README.md), "
            "or listen on 127.0.0.1."
        )
    bound = bind(host, port)
    use_folder()
    allowed = open_access(access) if access else None
    if allowed or audit:
        audit_log.keep(audit)
    table, versions = open_table(studies), Versions(models) if models else None
    folder = versions.path(base_version(versions, checkpoint)) if versions else checkpoint
    engine = Engine.load(folder, device)
    try:
        table = named_for(table, engine.config)
    except StudyTableError as error:  # cases can be reviewed; what would be measured wrongly refuses
        print(f"{error} Until then the β lab measures nothing.", file=sys.stderr)
    serving = ModelRegistry(engine, table, versions, ExplanationWorker(process=True))
    serve(make_app(serving, open_store(feedback, replica, table), allowed, root_path), bound, root_path)
