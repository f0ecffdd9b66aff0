"""Whether β matters, whether either part has a shortcut, and what real films are called: of a checkpoint on the demo.

    python benchmarks/slider.py [--checkpoint FOLDER] [--every N] [--real studies.csv]

On the concordant test studies: AUROC of image and report alone and fused, by finding with its best β; how many studies
have a probability that β moves, where decisions flip, how many probabilities are saturated, the calibration error; and
the AUROC of logistic regressions on thumbnails of the films and on tf-idf of the reports, which know nothing.

With --real, of a table of real films, by the image alone: AUROC of lung opacity for whoever has a label against those
without, the share called pneumothorax, and the heat of lung opacity in the lungs over the lungs' share of the film,
where the table has outlines of them. The last line is one JSON object.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from baselines import BASELINES, areas, scores
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from explain.every_beta.evidence import CURVE_BETAS, flips
from explain.methods.base import Question
from explain.methods.registry import method
from explain.trust.ground_truth import heat_concentration, lungs_of
from model.config import SINGLE_LABEL
from model.evaluation.metrics import expected_calibration_error
from model.inference.embeddings import Reference, encode_studies, logits_at
from model.inference.encoding import Case
from model.inference.engine import Engine
from model.inference.predictions import chances
from model.studies.opening import open_studies
from model.studies.table import Study, film_if_readable, label_matrix

MOVED = 0.2  # of a probability over β, from which on a study's slider is said to matter
SATURATED = 0.01  # nearer to 0 or 1
INSIDE = 0.2, 0.8  # where β is best, and flips are to lie
OPACITY, PNEUMOTHORAX = "Lung Opacity", "Pneumothorax"
NO_FINDING = {"no finding", "normal"}
METHOD = "gradcam"


def over_beta(engine: Engine, reference: Reference) -> np.ndarray:
    """Probabilities at β = 0, 0.01 … 1: (betas, studies, findings)."""
    return np.stack([chances(logits_at(engine, reference, float(b)), engine.config.problem_type) for b in CURVE_BETAS])


def of_findings(p: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """AUROC of either part alone and of both, by finding and on the mean."""
    curves = np.array([[roc_auc_score(y, q) for y, q in zip(labels.T, at.T, strict=True)] for at in p])
    best = curves.argmax(axis=0)
    half = len(CURVE_BETAS) // 2
    found = {
        name: {
            "report": curves[0, i],
            "image": curves[-1, i],
            "half": curves[half, i],
            "best": curves[best[i], i],
            "best_beta": float(CURVE_BETAS[best[i]]),
        }
        for i, name in enumerate(names)
    }
    mean = curves.mean(axis=1)
    found["macro"] = {
        "report": mean[0],
        "image": mean[-1],
        "half": mean[half],
        "best": mean.max(),
        "best_beta": float(CURVE_BETAS[mean.argmax()]),
        "of_best_betas": curves.max(axis=0).mean(),
    }
    return found


def of_slider(p: np.ndarray, labels: np.ndarray, single: bool) -> dict[str, Any]:
    """What dragging β does."""
    where = [b for s in range(p.shape[1]) for f in range(p.shape[2]) for b in flips(p[:, s], f, single)]
    half = p[len(CURVE_BETAS) // 2]
    inside = [INSIDE[0] <= b <= INSIDE[1] for b in where]
    return {
        "studies": p.shape[1],
        "moved": float((np.ptp(p, axis=0).max(axis=1) > MOVED).mean()),
        "flips": len(where),
        "flips_by_fifth": np.histogram(where, bins=5, range=(0, 1))[0].tolist(),
        "flips_inside": float(np.mean(inside)) if inside else None,
        "studies_that_flip": float(np.mean([any(_flips_of(p[:, s], single)) for s in range(p.shape[1])])),
        "saturated_at_half": float(((half < SATURATED) | (half > 1 - SATURATED)).mean()),
        "ece_at_half": float(expected_calibration_error(labels, half, single)),
    }


def _flips_of(p: np.ndarray, single: bool) -> list[bool]:
    return [bool(flips(p, f, single)) for f in range(p.shape[1])]


def of_demo(engine: Engine, every: int) -> dict[str, Any]:
    table = open_studies(None)
    train, test = (tuple(s for s in table.of_split(name) if not s.discordant)[::every] for name in ("train", "test"))
    reference = encode_studies(engine, test, lambda batches: tqdm(batches, desc="demo", unit="batch"))
    p, labels = over_beta(engine, reference), label_matrix(test, engine.findings)
    known = label_matrix(train, table.findings)
    knows_nothing = {
        name: areas(
            label_matrix(test, table.findings), scores(model(), given(train), known, given(test)), table.findings
        )
        for name, (model, given) in BASELINES.items()
    }
    slider = of_slider(p, labels, engine.config.problem_type == SINGLE_LABEL)
    return {"auroc": of_findings(p, labels, engine.findings), "slider": slider, "baselines": knows_nothing}


def of_real(engine: Engine, path: Path, every: int) -> dict[str, Any]:
    """What the image alone says of real films."""
    table = open_studies(path)
    studies = [s for s in table.studies if s.image is not None][::every]
    opacity, air = engine.finding_index(OPACITY), engine.finding_index(PNEUMOTHORAX)
    said, heat = [], []
    for study in tqdm(studies, desc="real", unit="film"):
        case = Case.of(film_if_readable(study), "", engine.config)
        encoded = engine.encode_cases([case], views=False)[0]
        said.append(engine.probabilities(encoded, np.ones(1))[0])
        lungs = lungs_of(study)
        if lungs is not None:
            cam = method("image", METHOD).explain(Question(engine, encoded, opacity, (1.0,))).scores[0]
            heat.append(heat_concentration(cam, encoded.image_part.box, lungs))
    ill = np.array([_is_ill(s) for s in studies])
    p = np.array(said)
    warm = [h for h in heat if h is not None]
    return {
        "films": len(studies),
        "without_finding": int((~ill).sum()),
        "opacity_auroc": float(roc_auc_score(ill, p[:, opacity])) if 0 < ill.sum() < len(ill) else None,
        "called": {name: float((p[:, i] > 0.5).mean()) for i, name in enumerate(engine.findings)},
        "called_pneumothorax": float((p[:, air] > 0.5).mean()),
        "heat_in_lungs": float(np.mean(warm)) if warm else None,
        "films_with_lungs": len(warm),
    }


def _is_ill(study: Study) -> bool:
    return bool(study.labels) and not {name.casefold() for name in study.labels} <= NO_FINDING


def rounded(value: Any) -> Any:
    """Numbers to four decimals, however deep they lie."""
    if isinstance(value, dict):
        return {name: rounded(v) for name, v in value.items()}
    return round(float(value), 4) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="instead of the embedded one")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the studies every Nth alone")
    parser.add_argument("--real", type=Path, help="a table of real films")
    asked = parser.parse_args()
    engine = Engine.load(asked.checkpoint, device="auto")
    figures = of_demo(engine, asked.every)
    if asked.real:
        figures["real"] = of_real(engine, asked.real, asked.every)
    figures = rounded(figures)
    for name, part in figures.items():
        print(name, json.dumps(part, indent=1))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
