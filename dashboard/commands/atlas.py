"""`betalens atlas`."""

import time
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, Studies, open_table, progress_bar, show

ORDER = 70


def command(
    checkpoint: Checkpoint = None,
    studies: Studies = None,
    space: Annotated[str, typer.Option(help="fused, image, report or pooled.")] = "fused",
    method: Annotated[str, typer.Option(help="umap or pca.")] = "umap",
    keep: Annotated[
        bool, typer.Option("--keep", help="Make the fused map anew and write it into the checkpoint.")
    ] = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Lay out a map of the studies before anyone opens the Atlas; what is kept already is not made again."""
    from dashboard.serving.reference_cache import ReferenceCache
    from explain.cohort.atlas import FUSED, UMAP, atlas_file, load_layout
    from model.errors import ChoiceError
    from model.inference.engine import Engine
    from model.network.checkpoint import with_files

    if keep and (space, method) != (FUSED, UMAP):
        raise ChoiceError("A checkpoint keeps the fused map by umap alone: leave out --keep, --space or --method.")
    engine, table = Engine.load(checkpoint, device), open_table(studies)

    vectors = ReferenceCache(engine, table).vectors(progress_bar("encoding", "step"), progress_bar("encoding", "step"))
    start = time.monotonic()
    if keep:
        assert engine.folder  # it was loaded
        with_files(engine.folder, atlas_file(vectors, table, progress_bar("laying out", "step")))
    layout = load_layout(vectors, table, space, method, progress_bar("laying out", "step"))
    result = {
        "studies": len(layout.rows),
        "of": len(table.studies),
        "slices": len(layout.xy),
        "trustworthiness": [round(float(t), 4) for t in layout.trust],
        "seconds": round(time.monotonic() - start, 1),
    }
    show(result, json_)
