"""Draws the demo's films: `python -m model.studies.demo.build`, about ten minutes on two cores.

python -m model.studies.demo.build                          assets/demo: the committed studies
python -m model.studies.demo.build --extra 5000 --out DIR   more films of training reports, for training only
"""

import argparse
import csv
import multiprocessing
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from model.studies.demo import ASSETS, MASK_SIZE
from model.studies.demo.anatomy import bend, fields
from model.studies.demo.plan import SEED, Planned, choose_build, plan, split_reports
from model.studies.demo.render import Rendered, render
from model.studies.demo.reports import FINDINGS, load_reports

FILM_SIZE = 320
_WEBP_QUALITY = 68
_EXTRA_MASK = 20
_NORMAL_SHARE = 0.22


def extra_plan(n: int, seed: int) -> list[Planned]:
    """More studies of training reports, findings about equally frequent, on anatomies of their own."""
    rng = np.random.default_rng([SEED, 4, seed])
    reports = split_reports()["train"]
    pools = {f: [r for r in reports if f in r.findings] for f in FINDINGS}
    pools[""] = [r for r in reports if not r.findings]
    weights = np.array([len(pools[f]) ** 0.35 for f in FINDINGS])
    weights = [*(weights / weights.sum() * (1 - _NORMAL_SHARE)), _NORMAL_SHARE]
    studies = []
    for k in range(n):
        pool = pools[str(rng.choice([*FINDINGS, ""], p=weights))]
        report = pool[rng.integers(len(pool))]
        build = choose_build(report.statements, f"extra {seed}", rng)
        studies.append(Planned(f"extra-{seed}-{k:05d}", report.report_id, report.statements, "train", False, build))
    return studies


def films(studies: list[Planned], size: int, mask_size: int, seed: int) -> Iterator[tuple[int, Rendered]]:
    """(index, film and masks) of each study, not in order: studies of one anatomy are drawn together."""
    torch.set_num_threads(1)
    fields()  # before the fork, so that the workers share the CT
    order = sorted(range(len(studies)), key=lambda i: studies[i].build)
    groups = [list(group) for _, group in groupby(order, key=lambda i: studies[i].build)]
    jobs = [([(i, studies[i]) for i in group], size, mask_size, seed) for group in groups]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for drawn in pool.imap_unordered(_draw, jobs):
            yield from drawn


def _draw(job: tuple) -> list[tuple[int, Rendered]]:
    group, size, mask_size, seed = job
    chest = bend(group[0][1].build)
    return [(i, render(chest, study.statements, (SEED, seed, i), size, mask_size)) for i, study in group]


def write_extra(n: int, out: Path, seed: int) -> None:
    """films.npy (n, size, size), masks.npy (n, findings, 50 packed bytes of 20 x 20 cells), studies.csv."""
    out.mkdir(parents=True, exist_ok=True)
    studies = extra_plan(n, seed)
    shape = (n, FILM_SIZE, FILM_SIZE)
    stack = np.lib.format.open_memmap(out / "films.npy", mode="w+", dtype=np.uint8, shape=shape)
    masks = np.zeros((n, len(FINDINGS), _EXTRA_MASK**2 // 8), np.uint8)
    for i, drawn in tqdm(films(studies, FILM_SIZE, _EXTRA_MASK, seed), total=n, unit="film"):
        stack[i] = drawn.film
        for finding, mask in drawn.masks.items():
            masks[i, FINDINGS.index(finding)] = np.packbits(mask)
    stack.flush()
    np.save(out / "masks.npy", masks)
    rows = [{"row": i, "report_id": s.report_id, "label": "|".join(s.findings)} for i, s in enumerate(studies)]
    _write_csv(out / "studies.csv", rows)


def write_demo(out: Path) -> None:
    """studies.csv, films/*.webp and truth.npz: what `load_demo` and `truth` read."""
    (out / "films").mkdir(parents=True, exist_ok=True)
    for stale in (out / "films").glob("*.webp"):
        stale.unlink()
    studies, reports = plan(), load_reports()
    truth: dict[tuple[str, str], np.ndarray] = {}
    for i, drawn in tqdm(films(studies, FILM_SIZE, MASK_SIZE, 0), total=len(studies), unit="film"):
        film = out / "films" / f"{studies[i].study_id}.webp"
        Image.fromarray(drawn.film).save(film, "webp", quality=_WEBP_QUALITY, method=4)
        truth |= {(studies[i].study_id, finding): np.packbits(mask) for finding, mask in drawn.masks.items()}
    keys = sorted(truth)
    numbers = np.array([[int(study[-4:]), FINDINGS.index(finding)] for study, finding in keys], np.uint16)
    np.savez_compressed(out / "truth.npz", rows=numbers, bits=np.stack([truth[key] for key in keys]))
    rows = [
        {
            "study_id": study.study_id,
            "image": f"films/{study.study_id}.webp",
            "report_id": study.report_id,
            "label": "|".join(study.findings),
            "report_label": "|".join(sorted(reports[study.report_id].findings)),
            "patient_id": study.report_id,
            "split": study.split,
            "discordant": str(int(study.discordant)),
        }
        for study in studies
    ]
    _write_csv(out / "studies.csv", rows)


def _write_csv(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", type=int, default=0, metavar="N", help="draw N more training films instead")
    parser.add_argument("--seed", type=int, default=1, help="of the extra films")
    parser.add_argument("--out", type=Path, default=ASSETS)
    chosen = parser.parse_args()
    if chosen.extra:
        write_extra(chosen.extra, chosen.out, chosen.seed)
    else:
        write_demo(chosen.out)


if __name__ == "__main__":
    main()
