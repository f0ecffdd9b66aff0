"""Small models that know their studies by heart, made by the product's own steps but for the encoders' training."""

import copy
import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from helpers import small_network
from PIL import Image

from explain.publish import write
from model.evaluation.held_out import answered
from model.inference.embeddings import PooledStudies, load_pooled
from model.inference.engine import Engine
from model.inference.predictions import BETA_GRID, Scored
from model.inference.provenance import Provenance
from model.network import checkpoint
from model.network.network import Network, Pooled
from model.studies.content import contents_of
from model.studies.opening import open_studies
from model.studies.table import Study, StudyTable
from model.training.calibration import calibrate
from model.training.cross_validation import differing, folds, state_of

FINDINGS = ("Effusion", "Nodule")
WORDS = [
    "apex",
    "base",
    "clear",
    "dense",
    "faint",
    "heart",
    "hilum",
    "large",
    "left",
    "lung",
    "rib",
    "right",
    "small",
    "vessel",
]
FOLDS = 3


def random_table(folder: Path, seed: int, studies: int = 30, films: bool = True) -> Path:
    """A table whose labels no film or report tells of: two studies a patient, half of them with each finding."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    has = np.stack([rng.permutation(studies) % 2 for _ in FINDINGS], 1)
    rows = [("study_id", "image", "report", "label", "patient_id", "split")]
    for i in range(studies):
        name = f"film-{i}.png" if films else ""
        if films:
            Image.fromarray(rng.integers(0, 255, (64, 64), np.uint8)).save(folder / name)
        report = " ".join(rng.choice(WORDS, 12)) + f".\nNumber {i}."
        label = "|".join(f for f, yes in zip(FINDINGS, has[i], strict=True) if yes)
        rows.append((f"s{i}", name, report, label, f"p{i // 2}", ("train", "val", "test")[i // 2 % 3]))
    with (folder / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return folder / "studies.csv"


def untaught(folder: Path) -> tuple[Path, Path]:
    """A table of 20 reports, study-0 to study-19, and the checkpoint of a network that has learnt nothing. What is for
    validation has no finding, so that a fine-tuning has nothing to explain and is done in seconds."""
    rng = np.random.default_rng(0)
    network = small_network(image_size=64, image_weights="none", report_layers=1)
    rows = [("study_id", "image", "report", "label", "patient_id", "split")]
    for i in range(20):
        split = "train" if i < 12 else "val" if i < 18 else "test"
        found = "|".join(f for f in network.config.findings if rng.random() < 0.5) if split == "train" else ""
        rows.append((f"study-{i}", "", f"Report {i}.", found, f"patient-{i}", split))
    with (folder / "studies.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    checkpoint.save(network, folder / "model")
    return folder / "studies.csv", folder / "model"


def cross_validated(table: StudyTable, folder: Path, fusion: str = "weighted") -> Path:
    """A checkpoint that has learnt all of a table by heart, beside FOLDS others that have learnt all but a fold."""
    network = _network(table, fusion)
    pooled = load_pooled(Engine(network, "", torch.device("cpu")), table)
    contents = contents_of(table.studies)
    cut = folds(table.studies, FOLDS, 0, tuple(contents))
    logits, states = np.zeros((len(BETA_GRID), len(table.studies), len(FINDINGS)), np.float32), []
    fold = np.zeros(len(table.studies), int)
    for number, (train, held_out) in enumerate(cut):
        one = _network(table, fusion)
        by_heart(one, pooled, table.studies, train)
        logits[:, held_out] = answers(one, pooled, held_out)
        fold[held_out] = number
        states.append(state_of(one))
    by_heart(network, pooled, table.studies, np.arange(len(table.studies)))
    provenance = Provenance.of(contents, fold, folds=tuple(differing(network, state) for state in states))
    scored = Scored(table.studies, pooled.has, logits)
    calibrate(network, scored)
    return _written(network, table, pooled, folder, answered(provenance, scored, network))


def held_out(table: StudyTable, folder: Path) -> Path:
    """A checkpoint that has learnt split train by heart."""
    network, train = _network(table, "weighted"), table.of_split("train")
    pooled = load_pooled(Engine(network, "", torch.device("cpu")), table)
    by_heart(network, pooled, table.studies, pooled.rows(train))
    return _written(network, table, pooled, folder, Provenance.of(contents_of(train)))


def by_heart(network: Network, pooled: PooledStudies, studies: tuple[Study, ...], rows: np.ndarray) -> None:
    """Teach projections and head the labels of some studies until they are known."""
    vectors = Pooled(torch.from_numpy(pooled.image[rows]), torch.from_numpy(pooled.report[rows]))
    labels = torch.tensor([[float(f in studies[i].labels) for f in network.config.findings] for i in rows])
    learn = [p for n, p in network.named_parameters() if not n.startswith(("image_encoder", "neck", "report_encoder"))]
    optimizer = torch.optim.Adam([p.requires_grad_() for p in learn], 3e-3)
    for _ in range(150):
        loss = F.binary_cross_entropy_with_logits(network(vectors, torch.rand(len(rows), 1)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.requires_grad_(False)


@torch.no_grad()
def answers(network: Network, pooled: PooledStudies, rows: np.ndarray) -> np.ndarray:
    vectors = Pooled(torch.from_numpy(pooled.image[rows]), torch.from_numpy(pooled.report[rows]))
    return np.stack([network(vectors, torch.full((len(rows), 1), beta)).numpy() for beta in BETA_GRID])


def _written(network: Network, table: StudyTable, pooled: PooledStudies, folder: Path, provenance: Provenance) -> Path:
    """As `publish` does, but for the colour scales, which take most of its time."""
    engine = Engine(network, "", torch.device("cpu"), provenance=provenance)
    write(engine, table, pooled, folder, "A test.")
    return folder


def _network(table: StudyTable, fusion: str) -> Network:
    return copy.deepcopy(_untrained(table.findings, fusion, table.problem_type))


@lru_cache
def _untrained(findings: tuple[str, ...], fusion: str, problem_type: str) -> Network:
    return small_network(findings=findings, image_size=64, width=32, fusion=fusion, problem_type=problem_type)


def rewritten(path: Path, name: str, change=lambda rows: rows, newline: str = "\n") -> StudyTable:
    """The table once more, in another file beside the first, with its rows changed."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = change(list(csv.DictReader(file)))
    with (path.parent / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator=newline)
        writer.writeheader()
        writer.writerows(rows)
    return open_studies(path.parent / name)
