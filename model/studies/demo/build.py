"""Draws the demo's films: `python -m model.studies.demo.build`. Interrupted, the same command goes on where it was.

python -m model.studies.demo.build                                    assets/demo: the committed studies
python -m model.studies.demo.build --extra 3000 --looks 3 --out DIR   more films of training reports, for training only

Until all is drawn the films lie beside the folder that they are for, which stays as it is.
"""

import argparse
import csv
import hashlib
import io
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from model.errors import ChoiceError
from model.storage.files import atomic_write
from model.studies.demo import ASSETS, MASK_SIZE
from model.studies.demo.card import data_card
from model.studies.demo.films.body import draw_body
from model.studies.demo.films.build import Film, draw_build, film
from model.studies.demo.films.look import FILM_SIZE
from model.studies.demo.films.projection import project
from model.studies.demo.plan import Planned, extra_plan, plan
from model.studies.demo.reports import FINDINGS
from model.studies.demo.table import OUTLINE_CELLS

PROCESSES = 2
_MODE = 0o644
_QUALITIES = (75, 62, 50, 38, 28)  # of WebP: the best that takes no more than
_MOST_BYTES = 8_000


class _Job(NamedTuple):
    """The films of one study: their places in the whole, and the size of their masks."""

    study: Planned
    places: tuple[int, ...]
    mask_size: int


def _draw(job: _Job) -> list[tuple[int, Film]]:
    study = job.study
    build = draw_build(study.anatomy, study.shown, study.seed)
    looks = [study.seed + 7919 * k for k in range(len(job.places))]
    return [(i, film(build, look, FILM_SIZE, job.mask_size)) for i, look in zip(job.places, looks, strict=True)]


def _films(jobs: Sequence[_Job], total: int, done: int) -> Iterator[tuple[int, Film]]:
    """(place, film), not in order, while a bar moves."""
    torch.set_num_threads(1)
    project(draw_body(0))  # loaded and compiled before the fork, so that the processes share both
    context = multiprocessing.get_context("fork")
    with context.Pool(PROCESSES) as pool, tqdm(total=total, initial=done, unit="film") as bar:
        for drawn in pool.imap_unordered(_draw, jobs):
            yield from drawn
            bar.update(len(drawn))


def _mark(studies: Sequence[Planned], looks: int, folder: Path) -> None:
    """Say in a folder which films it is for.

    Raises:
        ChoiceError: it holds films of another plan.
    """
    rows = [(_row(s), [f._replace(traits=tuple(sorted(f.traits))) for f in s.shown], s.anatomy) for s in studies]
    digest = hashlib.sha256(repr((rows, looks, FILM_SIZE)).encode()).hexdigest()
    path = folder / "plan.sha256"
    folder.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text("utf-8") != digest:
        raise ChoiceError(f"{folder} holds films of another plan: remove it, or name another --out.")
    atomic_write(path, digest.encode(), _MODE)


def write_extra(n: int, looks: int, out: Path, seed: int) -> None:
    """films.npy (films, size, size), masks.npy (films, findings, 50 packed bytes of 20 x 20 cells), studies.csv.

    Raises:
        ChoiceError: the folder holds films of another plan.
    """
    studies = extra_plan(n, seed)
    _mark(studies, looks, out)
    total = n * looks
    stack = _opened(out / "films.npy", (total, FILM_SIZE, FILM_SIZE))
    masks = _opened(out / "masks.npy", (total, len(FINDINGS), OUTLINE_CELLS**2 // 8))
    done = _opened(out / "done.npy", (total,))
    places = [tuple(range(i * looks, (i + 1) * looks)) for i in range(n)]
    jobs = [_Job(s, p, OUTLINE_CELLS) for s, p in zip(studies, places, strict=True) if not all(done[list(p)])]
    for i, drawn in _films(jobs, total, int(done.sum())):
        stack[i] = drawn.pixels
        for finding, mask in drawn.masks.items():
            masks[i, FINDINGS.index(finding)] = np.packbits(mask)
        done[i] = 1
    for array in (stack, masks, done):
        array.flush()
    rows = [
        {
            "row": i * looks + k,
            "report_id": study.report_id,
            "label": "|".join(sorted(study.labels)),
            "edits": study.edits.to_text(),
            "seed": study.seed + k,  # each look beside its own words
        }
        for i, study in enumerate(studies)
        for k in range(looks)
    ]
    _write_csv(out / "studies.csv", rows)


def _opened(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """An array of bytes in a file, of zeros where it is new."""
    mode = "r+" if path.exists() else "w+"
    return np.lib.format.open_memmap(path, mode, np.uint8, None if mode == "r+" else shape)


def write_demo(out: Path) -> None:
    """studies.csv, films/*.webp, truth.npz and the data card: what `load_demo` and `truth` read, and people.

    Raises:
        ChoiceError: the folder beside it holds films of another plan.
    """
    studies, drawing = plan(), out.with_name(out.name + ".drawing")
    _mark(studies, 1, drawing)
    films = drawing / "films"
    films.mkdir(exist_ok=True)
    missing = [_Job(s, (i,), MASK_SIZE) for i, s in enumerate(studies) if not _part(drawing, s).exists()]
    for i, drawn in _films(missing, len(studies), len(studies) - len(missing)):
        atomic_write(films / f"{studies[i].study_id}.webp", _webp(drawn.pixels), _MODE)
        packed = {finding: np.packbits(mask).tobytes().hex() for finding, mask in drawn.masks.items()}
        atomic_write(_part(drawing, studies[i]), json.dumps(packed).encode(), _MODE)  # last: now the study is done
    _write_truth(studies, drawing, out / "truth.npz")
    shutil.rmtree(out / "films", ignore_errors=True)
    os.replace(films, out / "films")
    _write_csv(out / "studies.csv", [_row(study) for study in studies])
    atomic_write(out / "DATA_CARD.md", data_card(studies).encode(), _MODE)
    shutil.rmtree(drawing)


def _part(drawing: Path, study: Planned) -> Path:
    return drawing / f"{study.study_id}.json"


def _write_truth(studies: Sequence[Planned], drawing: Path, path: Path) -> None:
    numbers, bits = [], []
    for study in studies:
        for finding, packed in sorted(json.loads(_part(drawing, study).read_text("utf-8")).items()):
            numbers.append([int(study.study_id[-4:]), FINDINGS.index(finding)])
            bits.append(np.frombuffer(bytes.fromhex(packed), np.uint8))
    np.savez_compressed(path, rows=np.array(numbers, np.uint16), bits=np.stack(bits))


def _row(study: Planned) -> dict[str, str]:
    return {
        "study_id": study.study_id,
        "image": f"films/{study.study_id}.webp",
        "report_id": study.report_id,
        "label": "|".join(sorted(study.labels)),
        "report_label": "|".join(sorted(study.stated)),
        "patient_id": study.patient_id,
        "split": study.split,
        "discordant": str(int(study.mishap == "patient")),
        "hidden": "|".join(sorted(study.hidden)),
        "mishap": study.mishap,
        "present": "|".join(sorted(study.present)),
        "edits": study.edits.to_text(),
        "seed": str(study.seed),
    }


def _webp(pixels: np.ndarray) -> bytes:
    data = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "webp", quality=quality, method=4)
        data = buffer.getvalue()
        if len(data) <= _MOST_BYTES:
            break
    return data


def _write_csv(path: Path, rows: list[dict]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write(path, text.getvalue().encode(), _MODE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--extra", type=int, default=0, metavar="N", help="draw films of N more training studies instead"
    )
    parser.add_argument("--looks", type=int, default=1, metavar="K", help="films of each of them")
    parser.add_argument("--seed", type=int, default=1, help="of the extra studies")
    parser.add_argument("--out", type=Path, default=ASSETS)
    chosen = parser.parse_args()
    if chosen.extra:
        write_extra(chosen.extra, chosen.looks, chosen.out, chosen.seed)
    else:
        write_demo(chosen.out)


if __name__ == "__main__":
    main()
