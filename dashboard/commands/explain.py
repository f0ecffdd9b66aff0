"""`betalens explain`."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, method_names, open_table, read_bytes, read_text, show

if TYPE_CHECKING:
    from explain.archive.shards import Archive

ORDER = 50


def command(
    out: Annotated[Path, typer.Option(help="Folder to write the explanation to, or those of a table.")],
    image: Annotated[Path | None, typer.Option(help="A radiograph: PNG, JPEG, TIFF, WebP, BMP or DICOM.")] = None,
    report: Annotated[str, typer.Option(help="The report, or @FILE to read it from a file.")] = "",
    studies: Annotated[Path | None, typer.Option(help="A studies.csv, to explain every study of it.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Of the table (the demo's where none is given): train, val, test or all.")
    ] = None,
    beta: Annotated[float | None, typer.Option(help="Weight of the image, 0 to 1. Default: the model's.")] = None,
    finding: Annotated[str | None, typer.Option(help="What to explain. Default: the most probable.")] = None,
    image_method: Annotated[
        str, typer.Option(help=f"What explains the film: one of {method_names('image')}.")
    ] = "gradcam",
    report_method: Annotated[
        str, typer.Option(help=f"What explains the report: one of {method_names('report')}.")
    ] = "integrated_gradients",
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Explain the table on a Ray cluster: HOST:PORT of its head, or `local` for every core or GPU of this "
            "machine. Table, films, checkpoint and --out must be reachable under the same path from every node: a "
            "shared file system. Needs betalens[ray].",
        ),
    ] = None,
    checkpoint: Checkpoint = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Explain one case at one β: explanation.json, heatmap.npy and overlay.png. Or every study of a table.

    A table becomes Parquet files and overlays, shard by shard; stopped by Ctrl-C or a crash, the same command goes on,
    with or without --ray.
    """
    from explain.archive.export import explain_case
    from explain.archive.ray_cluster import write_on_cluster
    from explain.archive.shards import Archive
    from model.inference.engine import Engine
    from model.inputs import read_film, read_report

    if studies is None and split is None:
        if ray:
            raise typer.BadParameter("--ray explains a table; name one (--studies, or --split of the demo's).")
        film = read_film(read_bytes(image)) if image else None
        text = read_text(Path(report[1:])) if report.startswith("@") else report
        engine = Engine.load(checkpoint, device)
        result = explain_case(engine, film, read_report(text), beta, finding, out, image_method, report_method)
        if not json_:
            print("".join(f"{sentence}\n" for sentence in _said_first(result)), end="")
        show(result, json_)
        return
    if image or report:
        raise typer.BadParameter("name a case (--image, --report) or a table (--studies, --split), not both.")
    engine, table = Engine.load(checkpoint, "cpu" if ray else device), open_table(studies)
    archive = Archive(out, engine, table, split or "all", beta, finding, image_method, report_method)
    write = partial(write_on_cluster, archive, ray, checkpoint, studies, device) if ray else archive.write
    seconds = _write(archive, write)
    if seconds is None:
        raise typer.Exit(130)
    show({"out": str(out), "studies": len(archive.studies), "unexplained": archive.unexplained()} | seconds, json_)


def _said_first(result: dict) -> list[str]:
    """What a reader must know before any number: that the model cannot tell, or that nothing says whether it can."""
    why = "; ".join(reason["sentence"] for reason in result["cannot_tell"])
    return [*([f"Cannot tell: {why}."] if why else []), *(unasked["sentence"] for unasked in result["unasked"])]


def _write(archive: "Archive", write: Callable) -> dict | None:
    """What is missing, with a bar on the standard error; None where Ctrl-C ended it."""
    from tqdm import tqdm

    remaining, start = archive.remaining(), time.perf_counter()
    with tqdm(total=len(archive.studies), initial=len(archive.studies) - remaining, unit="case") as bar:

        def done(rows) -> None:
            for row in rows:
                if row.error:
                    bar.write(f"not explained: {row.error}", file=sys.stderr)
            bar.update(len(rows))

        try:
            write(done)
        except KeyboardInterrupt:
            left = archive.remaining()
            bar.write(f"Stopped with {left:,} studies left; the same command goes on.", file=sys.stderr)
            return None
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "cases_per_second": round(remaining / seconds, 2)}
