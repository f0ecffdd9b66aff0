"""`betalens evaluate`."""

import sys
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, Studies, open_table, show

ORDER = 30


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    split: Annotated[str, typer.Option(help="train, val, test or all.")] = "test",
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """AUROC and calibration of a model over β. Discordant studies are left out: no label judges both their parts.

    Of a model that has learnt from every study of this table, what counts is what was said in its cross-validation.
    """
    from tqdm import tqdm

    from model import evaluate as evaluation
    from model.engine import Engine
    from model.reference import encode_studies
    from model.scored import read_out_of_fold

    engine, table = Engine.load(checkpoint, device), open_table(studies)
    chosen = table.of_split(split)
    if scored := read_out_of_fold(engine, table, chosen):
        print(
            "The model has learnt from these studies: the figures are those of its cross-validation.", file=sys.stderr
        )
        show(evaluation.evaluate_scored(engine.network, scored).to_json(), json_)
        return
    reference = encode_studies(engine, chosen, lambda r: tqdm(r, desc="encoding", unit="batch"))
    show(evaluation.evaluate(engine, reference, chosen).to_json(), json_)
