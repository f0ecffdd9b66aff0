"""Cases per second of `betalens explain --studies`, against a loop over captum, and what bounds them.

    python benchmarks/throughput.py [--cases 64] [--device auto] [--busy]

The rival explains one case after the other as captum's users do: read, LayerGradCam and LayerIntegratedGradients (50
steps) at one β on the same network, with the image's pooled vector cached for the words. Ours is the whole command, up
to the files, with either method for the report. They take turns on blocks of the demo's studies. `stages_ms` is what
each step of ours takes a case when it is run alone; reading and writing go on beside the others. `--busy` counts the
seconds that the process computed in place of those that went by. The last line is one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from beta_move import Rival
from tqdm import tqdm

from explain import evidence_at
from explain.archive.shards import Archive, draw
from explain.archive.studies import CASES, read_study
from model.inference.engine import Engine
from model.network.preprocess import fit_film
from model.studies.opening import open_studies
from model.studies.table import Study, StudyTable, load_film, load_report

BETA = 0.5
METHODS = ("integrated_gradients", "contextual_cam")  # for the report


def rival(engine: Engine, studies: Sequence[Study]) -> None:
    """captum, a case after the other."""
    for study in studies:
        film = load_film(study)
        encoded = engine.encode(film, load_report(study))
        captum = Rival(engine, int(engine.logits(encoded, np.array([BETA])).argmax()))
        captum.integrated_gradients(encoded, BETA)
        square = torch.from_numpy(fit_film(film.pixels, engine.config.image_size)[0])[None, None]
        captum.heatmap(square.to(engine.device).requires_grad_(), encoded, BETA)


def ours(engine: Engine, studies: Sequence[Study], method: str) -> None:
    """The command, up to the files."""
    table = StudyTable("a block", list(studies), [], "0" * 64)
    with tempfile.TemporaryDirectory() as folder:
        Archive(Path(folder) / "out", engine, table, "all", BETA, None, report_method=method).write(lambda rows: None)


def stages(engine: Engine, studies: Sequence[Study], clock: Callable[[], float]) -> dict[str, float]:
    """Milliseconds a case for each step alone."""
    took, size = defaultdict(float), CASES[engine.device.type]

    def timed(name: str, step: Callable):
        start = clock()
        result = step()
        if engine.device.type == "cuda":
            torch.cuda.synchronize()
        took[name] += clock() - start
        return result

    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(studies), size):
            block = studies[start : start + size]
            read = timed("read", lambda b=block: [read_study(s, engine.config) for s in b])
            cases = [case for _, case in read]
            encoded = timed("encode", lambda c=cases: engine.encode_cases(c))
            for name in METHODS:
                found = timed(name, lambda c=encoded, n=name: evidence_at(engine, c, BETA, report=n))
            rows = [row._replace(explained=e) for (row, _), e in zip(read, found, strict=True)]
            timed("write", lambda r=rows: [draw(row, Path(folder) / "overlay.png") for row in r])
    return {name: round(seconds / len(studies) * 1e3, 1) for name, seconds in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=64)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--busy", action="store_true", help="on a CPU whose cores other programs use as well")
    asked = parser.parse_args()
    clock = time.process_time if asked.busy else time.perf_counter
    engine = Engine.load(device=asked.device)
    studies = open_studies(None).of_split("test")[: asked.cases]
    size = CASES[engine.device.type]
    ways = {"captum": rival} | {name: lambda e, s, n=name: ours(e, s, n) for name in METHODS}
    for way in ways.values():  # what is done once: kernels, threads
        way(engine, studies[:2])
    seconds = defaultdict(list)
    for start in tqdm(range(0, len(studies), size), unit="block"):
        for name, way in ways.items():
            engine.forget()
            begun = clock()
            way(engine, studies[start : start + size])
            seconds[name].append(clock() - begun)
    rates = {name: len(studies) / sum(s) for name, s in seconds.items()}
    ratios = {name: float(np.median(np.array(seconds["captum"]) / seconds[name])) for name in METHODS}
    alone = stages(engine, studies, clock)
    result = {
        "device": torch.cuda.get_device_name() if engine.device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "cases": len(studies),
        "cases_per_second": {name: round(rate, 2) for name, rate in rates.items()},
        "ratio": {name: round(ratio, 1) for name, ratio in ratios.items()},
        "stages_ms": alone,
        "bound_by": {name: max(("read", "encode", name, "write"), key=alone.__getitem__) for name in METHODS},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
