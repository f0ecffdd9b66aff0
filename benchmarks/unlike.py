"""Of which cases a model says that it cannot tell: of studies like those that it learnt from, of other films, of texts
that are no such report; and how far other distances would tell them apart. Prints JSON.

python benchmarks/unlike.py [--other studies.csv]
python benchmarks/unlike.py --checkpoint MODEL --own studies.csv [--other studies.csv]
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from sklearn.neighbors import NearestNeighbors

from model.evaluation.familiarity import measure_familiarity
from model.evaluation.held_out import ITSELF, NOBODY, predictors_of
from model.inference.embeddings import PooledStudies, load_pooled, pool_studies
from model.inference.encoding import Case
from model.inference.engine import Engine
from model.inference.familiarity import Known, level, p_values
from model.inputs import read_film
from model.studies.opening import open_studies
from model.studies.table import Study
from model.training.calibration import parts_of

PICTURES = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "coins.png", "grass.png",
    "gravel.png", "horse.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "page.png", "retina.jpg", "rocket.jpg",
    "text.png",
)  # fmt: skip
TEXTS = {
    "German": "Der Herzschatten ist nicht vergrößert. Kein Pleuraerguss, kein Pneumothorax. Keine frischen Infiltrate.",
    "Chinese": "双肺纹理清晰,未见明显实质性病变。心影大小形态正常。两侧膈面光整,肋膈角锐利。",
    "Arabic": "القلب بحجم طبيعي. الرئتان صافيتان. لا يوجد انصباب جنبي أو استرواح صدري.",
    "French": "Le cœur est de taille normale. Pas d'épanchement pleural ni de pneumothorax. Les poumons sont clairs.",
    "Spanish": "El corazón es de tamaño normal. No hay derrame pleural ni neumotórax. Los pulmones están claros.",
    "Russian": "Сердце не увеличено. Плеврального выпота и пневмоторакса нет. Лёгочные поля прозрачны.",
    "Japanese": "心拡大なし。胸水なし。気胸なし。肺野に異常陰影を認めない。",
    "shopping list": "milk, eggs, bread, two onions, olive oil, toilet paper, bananas, coffee beans, washing powder",
    "code": "def quicksort(xs):\n    return xs if len(xs) < 2 else quicksort(xs[1:])",
    "query": "SELECT name, COUNT(*) FROM patients WHERE age > 60 GROUP BY name ORDER BY 2 DESC;",
    "letter": "Dear Sir or Madam, I am writing to complain about the delivery of my washing machine.",
    "knee": "MRI of the left knee: complex tear of the posterior horn of the medial meniscus. Small joint effusion.",
    "head": "Unenhanced CT of the head: no intracranial haemorrhage, no mass effect. No acute infarct.",
    "abdomen": "Ultrasound of the abdomen: several gallstones without wall thickening. Both kidneys are normal.",
    "breast": "Mammography, both breasts: heterogeneously dense tissue. No suspicious mass. BI-RADS 1.",
    "wrist": "X-ray of the right wrist: transverse fracture of the distal radius with dorsal angulation.",
    "colon": "Colonoscopy: two polyps of 4 mm in the sigmoid colon, removed by snare. Preparation was good.",
}


def pictures() -> list[bytes]:
    """Photographs, a page of text, a retina: pictures that nobody would take for a film."""
    return [(Path(skimage.__file__).parent / "data" / name).read_bytes() for name in PICTURES]


def stopped(engine: Engine, cases: list[Case]) -> float:
    """The share of the cases of which the model cannot tell."""
    batches = [engine.encode_cases(cases[i : i + 16]) for i in range(0, len(cases), 16)]
    return round(float(np.mean([bool(engine.familiarity(e).cannot_tell) for some in batches for e in some])), 4)


def films(engine: Engine, data: list[bytes]) -> list[Case]:
    return [Case.of(read_film(one, alone=False), "", engine.config) for one in data]


def files_of(studies: tuple[Study, ...]) -> list[bytes]:
    return [s.image.read_bytes() for s in studies if s.image]


def nearest(vectors: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The distance to the fifth nearest of some vectors, all of unit length."""

    def unit(some: np.ndarray) -> np.ndarray:
        return some / np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-12)

    found = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(unit(vectors))
    return lambda some: found.kneighbors(unit(some))[0][:, -1]


def by_mahalanobis(vectors: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    known = Known.of(vectors)
    assert known
    return known.distances


def ways(engine: Engine, own: PooledStudies, other: PooledStudies, judges: np.ndarray, parts: np.ndarray) -> dict:
    """By vector and distance the share that is stopped of held-out studies, and of others, in cases of two modalities.

    Args:
        judges: who has not seen each study: a fold, or the model itself. Encoders of folds are taken for the model's.
        parts: of the studies, by patient.
    """
    found = {}
    for vector, column in (("image", 0), ("texture", 0), ("report", 1)):
        mine, theirs = getattr(own, vector), getattr(other, vector)[other.has[:, column] > 0]
        has = own.has[:, column] > 0
        for name, fit in (("Ledoit-Wolf", by_mahalanobis), ("fifth nearest", nearest)):
            apart = np.full(len(mine), np.nan)
            for judge in set(judges) - {NOBODY}:
                held_out = has & (judges == judge)
                apart[held_out] = fit(mine[has & (judges != ITSELF) & (judges != judge)])(mine[held_out])
            kept = ~np.isnan(apart)
            p = [p_values(np.sort(apart[kept & (parts != part)]), apart[kept & (parts == part)]) for part in set(parts)]
            far = p_values(np.sort(apart[kept]), fit(mine[has & (judges != ITSELF)])(theirs))
            shares = np.mean(np.concatenate(p) < level(2)), np.mean(far < level(2))
            found[f"{vector}, {name}"] = dict(zip(("held out", "other"), map(float, np.round(shares, 4)), strict=True))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="The demo's where none is given.")
    parser.add_argument("--own", type=Path, help="The table that it learnt from; the demo's where none is given.")
    parser.add_argument("--other", type=Path, help="A table of other studies; the demo's where none is given.")
    args = parser.parse_args()
    engine, own, other = Engine.load(args.checkpoint), open_studies(args.own), open_studies(args.other)
    others = tuple(s for s in other.studies if s.split == "test") if other.about else other.studies
    pooled = load_pooled(engine, own)
    said: dict[str, Any] = {"own": measure_familiarity(engine, own, pooled).figures(own.studies)}
    if own.digest != other.digest:
        judges, parts = predictors_of(engine, own, own.studies), parts_of(own.studies)
        reports = [Case.of(None, s.report, engine.config) for s in others if s.report.strip()]
        said["other films"] = stopped(engine, films(engine, files_of(others)))
        said["other reports"] = stopped(engine, reports) if reports else None
        said["ways"] = ways(engine, pooled, pool_studies(engine, others), judges, parts)
    said["pictures"] = stopped(engine, films(engine, pictures()))
    said["texts"] = {name: bool(stopped(engine, [Case(None, None, text)])) for name, text in TEXTS.items()}
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
