"""What knows nothing of a film, or little: what the product's figures must be held against.

    python benchmarks/baselines.py [--studies studies.csv]

On the demo's test split, for each finding with a bounded place: whether ONE point, the one that is inside most often in
the training split, lies inside the outlines of the test split; and what the mean outline of the training split would
have as a map of heat: its share inside the outline over the outline's share of the film. Then the AUROC of logistic
regressions on thumbnails of the films, and on tf-idf of the reports, of concordant test studies; and how many reports
are in several splits word for word, as of normal films.

With --studies the regressions alone, on that table, out of fold in the folds that `betalens train` cuts it in: of the
studies that have a film, and of those that have a report. The last line is one JSON object.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from model.network.preprocess import fit_film
from model.studies.content import contents_of
from model.studies.demo import BOUNDED, truth
from model.studies.opening import open_studies
from model.studies.table import Study, label_matrix, load_film
from model.training.cross_validation import folds

THUMBNAIL = 16  # a side, in pixels


def masks(studies: tuple[Study, ...], finding: str) -> np.ndarray:
    """The outlines of a finding, of the studies that have it and whose image and report agree."""
    known = (truth(s.study_id).masks.get(finding) for s in studies if finding in s.labels and not s.discordant)
    return np.stack([mask for mask in known if mask is not None])


def fixed_place(train: tuple[Study, ...], test: tuple[Study, ...], finding: str) -> dict[str, float]:
    """What a point and a map that are the same for every film score."""
    mean, outlines = masks(train, finding).mean(0), masks(test, finding)
    point = np.unravel_index(mean.argmax(), mean.shape)
    ratio = [mean[outline].sum() / mean.sum() / outline.mean() for outline in outlines]
    return {"point_inside": float(outlines[:, *point].mean()), "heat_ratio": float(np.mean(ratio))}


def thumbnails(studies: tuple[Study, ...]) -> np.ndarray:
    films = (fit_film(load_film(s).pixels, THUMBNAIL)[0] for s in tqdm(studies, desc="films", unit="film"))
    return np.stack([film.ravel() for film in films])


def shared_texts(studies: tuple[Study, ...]) -> dict[str, int]:
    """How many texts are in several splits, and how many studies of the test split have one of them."""
    splits = defaultdict(set)
    for study in studies:
        splits[study.report].add(study.split)
    test = [s for s in studies if s.split == "test"]
    return {
        "in_several_splits": sum(len(some) > 1 for some in splits.values()),
        "test_studies": len(test),
        "test_studies_with_one": sum(len(splits[s.report]) > 1 for s in test),
    }


def texts(studies: tuple[Study, ...]) -> np.ndarray:
    return np.array([s.report for s in studies], object)


def of_films() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))


def of_reports() -> Pipeline:
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
    )


BASELINES = {"thumbnails": (of_films, thumbnails), "tf_idf": (of_reports, texts)}


def scores(model: Pipeline, known: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """What a regression of each finding says: (n, findings)."""
    return np.stack([model.fit(known, y).predict_proba(asked)[:, 1] for y in labels.T], 1)


def areas(labels: np.ndarray, said: np.ndarray, findings: Sequence[str]) -> dict[str, float]:
    each = [float(roc_auc_score(y, s)) for y, s in zip(labels.T, said.T, strict=True)]
    return {"n": len(labels)} | dict(zip(findings, each, strict=True)) | {"macro": float(np.mean(each))}


def of_demo() -> dict:
    table = open_studies(None)
    train, test = (tuple(s for s in table.of_split(name) if not s.discordant) for name in ("train", "test"))
    places = {finding: fixed_place(train, test, finding) for finding in BOUNDED}
    found = {name: float(np.mean([p[name] for p in places.values()])) for name in ("point_inside", "heat_ratio")}
    labels = [label_matrix(some, table.findings) for some in (train, test)]
    aurocs = {
        name: areas(labels[1], scores(model(), given(train), labels[0], given(test)), table.findings)
        for name, (model, given) in BASELINES.items()
    }
    return {
        "fixed_place": places | {"mean": found},
        "auroc": aurocs,
        "shared_texts": shared_texts(table.studies),
    }


def of_table(path: Path, seed: int) -> dict:
    table = open_studies(path)
    studies = tuple(s for s in table.studies if not s.discordant)
    labels, cut = label_matrix(studies, table.findings), folds(studies, None, seed, tuple(contents_of(studies)))
    has = {"thumbnails": [s.image is not None for s in studies], "tf_idf": [bool(s.report.strip()) for s in studies]}
    aurocs = {}
    for name, (model, given) in BASELINES.items():
        rows = np.flatnonzero(has[name])
        seen, said = given(tuple(studies[i] for i in rows)), np.zeros((len(rows), labels.shape[1]))
        for fold in cut:
            known, asked = np.isin(rows, fold.train), np.isin(rows, fold.held_out)
            said[asked] = scores(model(), seen[known], labels[rows[known]], seen[asked])
        aurocs[name] = areas(labels[rows], said, table.findings)
    return {"auroc": aurocs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    asked = parser.parse_args()
    print(json.dumps(of_table(asked.studies, asked.seed) if asked.studies else of_demo(), indent=1))


if __name__ == "__main__":
    main()
