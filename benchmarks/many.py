"""A table of many studies made of the demo's, and a checkpoint that has their embeddings and map: what the page does
with 5,000 or 100,000 studies is seen in seconds, not after hours of encoding.

Films and reports are the demo's, repeated under ids of their own. Embeddings and places on the map are the demo's with
noise: they are geometry to draw, not a map of anything.
"""

import csv
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load_file

from explain.cohort.atlas import Layout, settings
from model.inference.array_cache import pack_arrays
from model.inference.engine import Engine
from model.network import checkpoint
from model.storage.paths import DEMO_CHECKPOINT
from model.studies.opening import open_studies
from model.studies.table import StudyTable

FILMS = 60
COLUMNS = ("study_id", "image", "report", "label", "patient_id", "split", "discordant", "source")


class Many(NamedTuple):
    """Where they lie: what `betalens serve` is given."""

    studies: Path
    checkpoint: Path


def make(folder: Path, count: int, most: int | None = None) -> Many:
    """Write a table of `count` studies, and its checkpoint, to an empty folder.

    Args:
        most: studies on the map; None, all of them.
    """
    demo = open_studies(None)
    rng = np.random.default_rng(0)
    order = np.arange(count) % len(demo.studies)
    table = _table(folder, demo, order)
    engine = Engine.load(DEMO_CHECKPOINT, "cpu")
    config = replace(engine.config, atlas_most=most or max(count, 50))
    reference = {k: a.astype(np.float32) for k, a in load_file(DEMO_CHECKPOINT / "reference.safetensors").items()}
    kept = {name: array[order] for name, array in reference.items()}
    for name in ("image", "report"):
        kept[name] += rng.normal(0, 0.05, kept[name].shape).astype(np.float32)
    files = {
        checkpoint.CONFIG: config.to_json().encode(),
        "reference.safetensors": pack_arrays(kept, table),
        "atlas.safetensors": pack_arrays(_layout(count, order, rng)._asdict(), table, settings(config), half=False),
    }
    return Many(folder / "studies.csv", checkpoint.with_files(DEMO_CHECKPOINT, files, folder / "checkpoint"))


def _table(folder: Path, demo: StudyTable, order: np.ndarray) -> StudyTable:
    with_film = [s for s in demo.studies if s.image][:FILMS]
    for place, study in enumerate(with_film):
        (folder / f"{place}{study.image.suffix}").write_bytes(study.image.read_bytes())
    with (folder / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for number, place in enumerate(order):
            study = demo.studies[place]
            rows.writerow(
                {
                    "study_id": f"many-{number:06d}",
                    "image": f"{number % FILMS}{with_film[number % FILMS].image.suffix}",
                    "report": study.report,
                    "label": "|".join(sorted(study.labels)),
                    "patient_id": f"{study.patient_id}-{number // len(demo.studies)}",
                    "split": study.split,
                    "discordant": int(study.discordant),
                    "source": ("", "north", "south")[number % 3],
                }
            )
    return open_studies(folder / "studies.csv")


def _layout(count: int, order: np.ndarray, rng: np.random.Generator) -> Layout:
    """The demo's map, whose studies are now clouds."""
    demo = load_file(DEMO_CHECKPOINT / "atlas.safetensors")
    xy = demo["xy"].astype(np.float32)[:, order]
    xy = xy + rng.normal(0, 0.15, (1, count, 2)).astype(np.float32)
    return Layout(np.arange(count), xy, demo["trust"], demo["spacing"])
