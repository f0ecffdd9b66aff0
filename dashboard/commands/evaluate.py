"""`betalens evaluate`."""

import sys
from typing import TYPE_CHECKING

from dashboard.console import Checkpoint, Device, Json, Split, Studies, open_table, progress_bar, show

if TYPE_CHECKING:
    from rich.table import Table

    from model.evaluation.metrics import Evaluation

ORDER = 30
BELOW = "{}\n{}"  # an interval, in a terminal


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    split: Split = "test",
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """AUROC and calibration of a model over β. Discordant studies are left out: no label judges both their parts.

    Studies that the model has learnt, by film or patient, are judged by the networks of its cross-validation that had
    not seen them; where there are none, they are left out.
    """
    from rich import print as print_rich

    from model.evaluation.held_out import predict_held_out
    from model.evaluation.metrics import evaluate_scored
    from model.inference.engine import Engine

    engine = Engine.load(checkpoint, device)
    table = open_table(studies, engine.config)
    chosen = tuple(s for s in table.of_split(split) if not s.discordant)
    judged = predict_held_out(engine, table, chosen, progress=progress_bar("encoding", "batch"))
    if said := judged.caveats():
        print(said, file=sys.stderr)
    counts = {"by_cross_validation": judged.by_folds, "left_out": judged.left_out}
    counts["chose_the_model"] = int(judged.chose.sum())
    measured = evaluate_scored(engine.network, judged.scored, judged.chose)
    if json_:
        show(measured.to_json() | counts, json_)
    else:
        print_rich(as_table(measured, split))


def as_table(measured: "Evaluation", split: str) -> "Table":
    """What was measured, for a terminal."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=f"{measured.n} studies of {measured.spread.patients if measured.spread else 0} patients, split {split}",
        caption="Below a value its 95 % interval over patients; p is two-sided.",
    )
    for name in ("β", *(f"{beta:g}" for beta in measured.betas)):
        table.add_column(name, justify="right" if table.columns else "left", overflow="fold")
    for name, cells in measured.rows(BELOW):
        table.add_row(name, *cells)
    table.add_section()
    for finding, auroc, _ in measured.rows_by_finding(BELOW):
        table.add_row(escape(f"AUROC, {finding}"), *auroc)
    table.add_section()
    for finding, _, ece in measured.rows_by_finding():
        table.add_row(escape(f"ECE, {finding}"), *ece)
    return table
