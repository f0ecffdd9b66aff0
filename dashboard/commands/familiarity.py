"""`betalens familiarity`."""

from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, Studies, open_table, progress_bar, show

ORDER = 65


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write the result, and the figures measured beside it, into the checkpoint.")
    ] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Measure what the studies are like that a model has learnt from, so that it can say of which cases it cannot tell.

    Training and fine-tuning do so themselves; this is for checkpoints of earlier versions.
    """
    from explain.publish import figures, summary_of
    from model.errors import ChoiceError
    from model.evaluation.familiarity import measure_familiarity
    from model.inference.embeddings import load_pooled
    from model.inference.engine import Engine
    from model.network.checkpoint import CARD_FILE, with_files

    engine = Engine.load(checkpoint, device)
    table = open_table(studies, engine.config)
    pooled = load_pooled(engine, table, progress_bar("encoding", "batch"))
    measured = measure_familiarity(engine, table, pooled, progress_bar("encoding", "batch"))
    if not measured.known.modalities:
        raise ChoiceError("The model has learnt none of these studies: name the table that it was trained on.")
    if keep:
        assert engine.folder  # it was loaded
        card = engine.folder / CARD_FILE
        summary = summary_of(card.read_text("utf-8")) if card.is_file() else ""
        with_files(engine.folder, figures(engine, table, pooled.embedded(engine), summary, measured))
    show(measured.figures(table.studies), json_)
