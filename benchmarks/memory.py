"""Does memory grow with the cases that were explained?

    python benchmarks/memory.py [--cases 500]

Explains studies of the demo one after the other, every 25th with the exact tier, and prints the resident memory of the
process after every 100 cases; from 200 on every cache is full. The last line is one JSON object.
"""

import argparse
import json
from pathlib import Path

from tqdm import tqdm

import explain
from model.data import load_film, open_studies
from model.engine import CACHED_CASES, Engine

EVERY = 100


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500)
    count = parser.parse_args().cases
    engine = Engine.load(device="cpu")
    studies = open_studies(None).studies
    memory = {}
    for number in tqdm(range(count), unit="case"):
        study = studies[number % len(studies)]
        encoded = engine.encode(load_film(study), study.report)
        methods = {} if number % 25 == 0 else explain.INSTANT
        explain.evidence(engine, encoded, engine.findings[number % len(engine.findings)], **methods)
        if (number + 1) % EVERY == 0:
            memory[number + 1] = round(resident_mb())
    print(json.dumps({"cached_cases": CACHED_CASES, "resident_mb": memory}))


if __name__ == "__main__":
    main()
