"""Does memory grow with the cases that were explained, and is every file closed?

    python benchmarks/memory.py [--cases 512] [--exact-every 25]

Opens studies of the demo one after the other as *Review* does, with what costs nothing, every 25th with the exact tier
(0: none), and prints the resident memory of the process and the files it holds open after every 128 cases, when what is
free has just been handed back; from 256 on every cache but that of evidence is full, which takes some 20 MB and 512
cases. The last line is one JSON object.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from dashboard.review.service import CaseService
from dashboard.review.steps import Refused
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from explain import INSTANT
from explain.every_beta.evidence import DEFAULT
from model.inference.engine import CACHED_CASES, TIDY_EVERY, Engine
from model.studies.opening import open_studies

EVERY = 4 * TIDY_EVERY
BETA = 0.5


class Sample(NamedTuple):
    """What the process holds after so many cases."""

    cases: int
    resident_mb: int
    files: int


def held(cases: int) -> Sample:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(cases, round(pages * 4096 / 2**20), sum(1 for _ in Path("/proc/self/fd").iterdir()))


def review(count: int, exact_every: int) -> Iterator[Sample]:
    """Open so many studies of the demo, from the first again after the last; a sample after every 128."""
    reviewer, session = CaseService(ServedModel(Engine.load(device="cpu"), open_studies(None))), Session(BETA)
    studies, findings = reviewer.table.studies, reviewer.engine.findings
    for number in range(count):
        exact = exact_every and number % exact_every == 0
        session.report_method = (DEFAULT if exact else INSTANT)["report"]
        finding = findings[number % len(findings)]
        for stage in reviewer.open_study(session, studies[number % len(studies)].study_id, BETA, finding):
            if isinstance(stage, Refused):
                raise RuntimeError(f"study {number} was not opened: {stage.key}")
        if (number + 1) % EVERY == 0:
            yield held(number + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=512)
    parser.add_argument("--exact-every", type=int, default=25)
    asked = parser.parse_args()
    memory, files = {}, {}
    with tqdm(total=asked.cases, unit="case") as bar:
        for sample in review(asked.cases, asked.exact_every):
            memory[sample.cases], files[sample.cases] = sample.resident_mb, sample.files
            bar.update(EVERY)
            bar.set_postfix(mb=sample.resident_mb, files=sample.files)
    print(json.dumps({"cached_cases": CACHED_CASES, "resident_mb": memory, "files": files}))


if __name__ == "__main__":
    main()
