"""`betalens explain`."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.console import Checkpoint, Device, Json, method_names, open_table, read_bytes, read_text, show
from dashboard.ui.version import app_version

if TYPE_CHECKING:
    from explain import Evidence
    from explain.archive.shards import Archive
    from explain.export.case import ReaderVerdict
    from model.inference.encoding import Encoded

ORDER = 50


def command(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write the explanation to, or those of a table. It may lack beside --dicom."),
    ] = None,
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
    dicom: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder to write the result to as DICOM, in the study of the film, which must be a DICOM file: "
            "report.dcm (structured report), heat.dcm (parametric map), outline.dcm (segmentation), capture.dcm "
            "(picture). They name the patient as the film does.",
        ),
    ] = None,
    outline: Annotated[
        float,
        typer.Option(help="For --dicom: the heat that is outlined, as a share of what is full on the colour scale."),
    ] = 0.5,
    verdict: Annotated[
        str, typer.Option(help="For --dicom: what a reader says of the decision: agree, disagree or unsure.")
    ] = "",
    reader: Annotated[str, typer.Option(help="For --verdict: the reader's name.")] = "",
    has: Annotated[
        list[str] | None, typer.Option(help="For --verdict disagree: a finding that the case has; once for each.")
    ] = None,
    comment: Annotated[str, typer.Option(help="For --verdict: the reader's words.")] = "",
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

    With --dicom one case becomes objects for an archive of radiographs. A table becomes Parquet files and overlays,
    shard by shard; stopped by Ctrl-C or a crash, the same command goes on, with or without --ray.
    """
    from explain.archive.export import explain_case
    from explain.archive.ray_cluster import write_on_cluster
    from explain.archive.shards import Archive
    from model.inference.engine import Engine
    from model.inputs import read_film, read_report

    if out is None and dicom is None:
        raise typer.BadParameter("name a folder to write to: --out, or --dicom for objects of an archive.")
    if not dicom and (verdict or reader or has or comment):
        raise typer.BadParameter("a reader's verdict goes with --dicom: name a folder for it.")
    said = _verdict(verdict, reader, has or [], comment)
    if studies is None and split is None:
        if ray:
            raise typer.BadParameter("--ray explains a table; name one (--studies, or --split of the demo's).")
        film = read_film(read_bytes(image), with_header=dicom is not None) if image else None
        if dicom and (film is None or film.header is None):
            raise typer.BadParameter(
                "--dicom puts results into the study of the film: name one (--image) that is a DICOM file, its header "
                "at most 4 MB."
            )
        text = read_report(read_text(Path(report[1:])) if report.startswith("@") else report)
        engine = Engine.load(checkpoint, device)
        written: dict[str, list[str]] = {}

        def export(encoded: "Encoded", found: "Evidence") -> None:
            if not (dicom and film and film.header):
                return
            from explain.export.case import exported_case
            from explain.export.dicom import write_dicom

            cam, at = found.image_map.cam[0], float(found.betas[0])
            exported = exported_case(engine, film, encoded, found, cam, at, app_version(), outline, said)
            written["dicom"] = [str(path) for path in write_dicom(exported, film.header, dicom)]

        result = explain_case(engine, film, text, beta, finding, out, image_method, report_method, export) | written
        if not json_:
            print("".join(f"{sentence}\n" for sentence in _said_first(result)), end="")
        show(result, json_)
        return
    if dicom or out is None:
        raise typer.BadParameter("--dicom takes one case: name a folder for those of a table (--out).")
    if image or report:
        raise typer.BadParameter("name a case (--image, --report) or a table (--studies, --split), not both.")
    engine, table = Engine.load(checkpoint, "cpu" if ray else device), open_table(studies)
    archive = Archive(out, engine, table, split or "all", beta, finding, image_method, report_method)
    write = partial(write_on_cluster, archive, ray, checkpoint, studies, device) if ray else archive.write
    seconds = _write(archive, write)
    if seconds is None:
        raise typer.Exit(130)
    show({"out": str(out), "studies": len(archive.studies), "unexplained": archive.unexplained()} | seconds, json_)


def _verdict(verdict: str, reader: str, has: list[str], comment: str) -> "ReaderVerdict | None":
    """What a reader says, if it makes sense.

    Raises:
        typer.BadParameter: it does not.
    """
    from explain.export.case import ReaderVerdict
    from model.feedback import VERDICTS, utc_now

    if not verdict:
        if reader or has or comment:
            raise typer.BadParameter(f"a reader's name, findings and words go with --verdict ({', '.join(VERDICTS)}).")
        return None
    known = next((one for one in VERDICTS if one == verdict), None)
    if known is None:
        raise typer.BadParameter(f"--verdict is {verdict!r}; it takes one of {', '.join(VERDICTS)}.")
    if has and verdict != "disagree":
        raise typer.BadParameter("--has says what a case has where the reader disagrees: give --verdict disagree.")
    return ReaderVerdict(reader, known, tuple(has), comment=comment, time=utc_now())


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
