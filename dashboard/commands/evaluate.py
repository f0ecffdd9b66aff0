"""`betalens evaluate`."""

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
    """AUROC and calibration of a model over β. Discordant studies are left out: no label judges both their parts."""
    from tqdm import tqdm

    from model import evaluate as evaluation
    from model.engine import Engine
    from model.reference import encode_studies

    engine, chosen = Engine.load(checkpoint, device), open_table(studies).of_split(split)
    reference = encode_studies(engine, chosen, lambda r: tqdm(r, desc="encoding", unit="batch"))
    show(evaluation.evaluate(engine, reference, chosen).to_json(), json_)
