"""How the explaining of an archive grows with workers: one process, then `betalens explain --ray` with 1 and 2 workers.

    python benchmarks/scale_out.py [--shards 8] [--workers 1 2] [--rounds 2] [--device cpu] [--report-method NAME]

Each way writes the same shards into a folder of its own: the demo's reports and films, again and again, and the demo's
model, with one thread of torch a process. The ways take turns, `--rounds` times. A rate is of the shards that follow
the first of each worker; what starting takes stands beside it, and is the same for any number of studies. `core_s` is
what all the processes together computed for a study: it stays as it is where workers do not hinder one another, also
on cores that other programs use as well. `--device cuda` takes a GPU a worker. The last line is one JSON object.
"""

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
import torch
from many import Many, make
from tqdm import tqdm

from explain.archive.ray_cluster import write_on_cluster
from explain.archive.shards import SHARD, Archive
from explain.methods.registry import methods_of
from model.inference.engine import Engine
from model.studies.opening import open_studies


class Run(NamedTuple):
    """What a way took: seconds until each worker had written a shard, and what came then."""

    start_s: float
    rate: float  # studies a second
    core_s: float  # a study


def timed(write: Callable, workers: int) -> Run:
    """Have the missing shards written, by so many at once."""
    begun, written, marks = time.perf_counter(), 0, []

    def done(rows: list) -> None:
        nonlocal written
        written += len(rows)
        if written >= workers * SHARD:
            marks.append((written, time.perf_counter(), computed()))

    write(done)
    (before, start, busy), (after, end, busier) = marks[0], marks[-1]
    core_s = sum(seconds - busy.get(pid, 0) for pid, seconds in busier.items())  # of those that are still there
    return Run(start - begun, (after - before) / (end - start), core_s / (after - before))


def computed() -> dict[int, float]:
    """Seconds of cores that this process and those that it started took so far, by process."""
    us, taken = psutil.Process(), {}
    for process in (us, *us.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            taken[process.pid] = sum(process.cpu_times()[:2])
    return taken


def on_workers(archive: Archive, source: Many, device: str, workers: int) -> Run:
    """By a cluster of one node that has room for so many workers."""
    from ray.cluster_utils import Cluster

    gpus = {"num_gpus": workers} if device == "cuda" else {}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": workers, "include_dashboard": False, **gpus})
    try:
        address = cluster.address
        return timed(
            lambda done: write_on_cluster(archive, address, source.checkpoint, source.studies, device, done), workers
        )
    finally:
        cluster.shutdown()


def stored(out: Path, studies: int) -> dict[str, int]:
    """Bytes a study."""
    kinds = {"parquet": out.glob("*.parquet"), "png": out.rglob("*.png")}
    return {kind: round(sum(p.stat().st_size for p in paths) / studies) for kind, paths in kinds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--report-method", default="contextual_cam", choices=methods_of("report"))
    asked = parser.parse_args()
    if asked.shards <= max(asked.workers):
        parser.error("--shards must be more than --workers.")
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "MALLOC_ARENA_MAX": "1"}  # as deploy/SCALE.md starts nodes
    torch.set_num_threads(1)
    runs, size = defaultdict(list), {}
    with tempfile.TemporaryDirectory() as folder:
        (table := Path(folder, "table")).mkdir()
        source = make(table, asked.shards * SHARD)
        studies, engine = open_studies(source.studies), Engine.load(source.checkpoint, asked.device)
        for turn in range(asked.rounds):
            for workers in tqdm([0, *asked.workers], desc=f"round {turn + 1}", unit="way"):
                out = Path(folder, f"{turn}-{workers}")
                archive = Archive(out, engine, studies, "all", None, None, report_method=asked.report_method)
                if workers:
                    runs[f"{workers} worker{'s'[: workers > 1]}"].append(
                        on_workers(archive, source, asked.device, workers)
                    )
                else:
                    runs["one process"].append(timed(archive.write, 1))
                size = stored(out, len(studies.studies))
    typical = {way: Run(*map(median, zip(*found, strict=True))) for way, found in runs.items()}
    alone = typical["one process"].rate
    result = {
        "device": torch.cuda.get_device_name() if asked.device == "cuda" else "cpu",
        "cores": os.cpu_count(),
        "studies": asked.shards * SHARD,
        "report_method": asked.report_method,
        "studies_per_second": {way: round(run.rate, 2) for way, run in typical.items()},
        "of_one_process": {way: round(run.rate / alone, 2) for way, run in typical.items()},
        "core_s_per_study": {way: round(run.core_s, 3) for way, run in typical.items()},
        "first_shards_s": {way: round(run.start_s, 1) for way, run in typical.items()},
        "bytes_per_study": size,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
