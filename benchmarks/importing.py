"""The memory of `betalens import`: the most that was resident before and after importing n studies.

python benchmarks/importing.py --studies 100000
"""

import argparse
import csv
import resource
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from model.importing.import_studies import import_studies
from model.importing.sources.csv import open_source

REPORT = "The heart is normal in size. " * 30  # 870 characters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=100_000)
    n = parser.parse_args().studies
    with tempfile.TemporaryDirectory() as folder:
        table = write_studies(Path(folder), n)
        before = resident()
        report = import_studies(open_source(table), table.parent, keep_all=True)
        assert report.studies == n
        print(f"{n:,} studies: {before:,.0f} MB before, {resident():,.0f} MB at the most")


def write_studies(folder: Path, n: int) -> Path:
    """A table of n studies with small films, no two alike."""
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8)
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["study_id", "image", "report", "label", "patient_id"])
        for i in range(n):
            pixels[0, :3] = [i % 256, i // 256 % 256, i // 65536]
            Image.fromarray(pixels).save(folder / f"{i}.png", compress_level=0)
            rows.writerow([f"study-{i:07d}", f"{i}.png", REPORT, ("Edema", "Nodule|Edema", "")[i % 3], f"p{i // 2}"])
    return folder / "mine.csv"


def resident() -> float:
    """The most memory that was resident so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
