"""`betalens feedback`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.console import Feedback, Json, Models, Replica, open_table

if TYPE_CHECKING:
    from model.feedback import Flag, Store

ORDER = 70
app = typer.Typer(help="Add, list, export and purge what reviewers think of predictions.", no_args_is_help=True)


@app.command()
def add(feedback: Feedback = "feedback", replica: Replica = "") -> None:
    """Save flags, one JSON object a line of standard input; print `ack ID` for each once it is safe.

    A judgement has a verdict (agree, disagree, unsure) and a beta, and may have every other field that `list --json`
    prints; an undo has the verdict undo and in undoes the id of the flag. Without a flag_id it gets one; one that is
    sent again is kept once. A line that was not saved is named on standard error, the others are, and the exit status
    is 2.
    """
    from model.errors import FeedbackError
    from model.feedback import open_store

    store, refused = open_store(feedback, replica), False
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            flag_id = store.append(_flag(line))
        except FeedbackError as error:
            refused = True
            print(f"betalens: line {number}: {error}", file=sys.stderr, flush=True)
        else:
            print(f"ack {flag_id}", flush=True)
    if refused:
        raise typer.Exit(2)


@app.command("list")
def list_(feedback: Feedback = "feedback", json_: Json = False) -> None:
    """Print every flag: all of it as JSON, or a line each without the report."""
    from model.feedback import open_store

    rows = _read(open_store(feedback))
    if json_:
        print("[" + ",\n".join(json.dumps(flag.by_column()) for flag in rows) + "]")
        return
    for flag in rows:
        about = flag.case or flag.image_name or flag.undoes
        print("  ".join((flag.time_utc, flag.flag_id, flag.verdict, about, ", ".join(flag.corrected_labels))))


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The CSV to write; one that is there is replaced.")],
    feedback: Feedback = "feedback",
) -> None:
    """Write every flag to one CSV, for a spreadsheet or pandas."""
    from model.feedback import as_csv, open_store
    from model.storage.files import MODE, atomic_write

    rows = _read(open_store(feedback))
    try:
        atomic_write(out, as_csv(rows), MODE)  # patients' reports, whoever could read what stood there
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written: {error.strerror}.") from error
    print(f"{len(rows)} flags in {out}")


@app.command()
def purge(
    study: Annotated[
        str, typer.Option(help="Id of the study, or film-… or report-… of what was sent, as the page shows it.")
    ] = "",
    flag: Annotated[str, typer.Option(help="Id of one verdict instead.")] = "",
    feedback: Feedback = "feedback",
    models: Models = Path("models"),
    studies: Annotated[
        Path | None, typer.Option(help="The studies.csv, to find rows whose ids a spreadsheet changed (00123 to 123).")
    ] = None,
) -> None:
    """Take out the content of a case's flags, the copies of its films and what was derived from them.

    Its rows stay as tombstones, with their id and time alone. It may be done while reviewers work, and again. What was
    removed, what is left and where, and which versions of a model learnt from it is listed on standard error.
    """
    from dashboard.workflows.purge import purge as take_out
    from model.feedback import open_store

    table = open_table(studies) if studies else None
    found = take_out(open_store(feedback, table=table), study, flag, models)
    print(f"rows purged: {found.rows}")
    for kind, lines in (("removed", found.removed), ("left", found.left)):
        for line in lines:
            print(f"{kind}: {line}", file=sys.stderr)


def _read(store: "Store") -> "Sequence[Flag]":
    """The flags; what may hide others is said on the standard error."""
    flags, troubles = store.read()
    for trouble in troubles:
        print(f"betalens: {trouble}", file=sys.stderr)
    return flags


def _flag(line: bytes) -> "Flag":
    """The flag of a line.

    Raises:
        FeedbackError: it is none.
    """
    from dashboard.feedback.new_flag import new_flag
    from model.errors import FeedbackError

    try:
        given = dict(json.loads(line))
    except (ValueError, TypeError, RecursionError):  # no cause in the text: it could quote a report
        raise FeedbackError("The flag was not saved: it is not one JSON object.") from None
    return new_flag(**given)
