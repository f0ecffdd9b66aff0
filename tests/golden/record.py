"""What the embedded checkpoint says of some test studies: all that a change of the house must not change.

    PYTHONPATH=. python tests/golden/record.py

writes it again, which only another checkpoint or other demo studies call for. Of 20 studies, every 25th of the test
split, at β = 0, 0.1 … 1: probabilities and Shapley shares of every finding, the heat of Grad-CAM, and what contextual
CAM and integrated gradients give every word.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import explain
from model.inference.engine import Engine
from model.studies.opening import open_studies
from model.studies.table import Study, load_film

KEPT = Path(__file__).with_name("demo.npz")
BETAS = np.linspace(0, 1, 11)
REPORT_METHODS = ("contextual_cam", "integrated_gradients")


def studies() -> tuple[Study, ...]:
    return open_studies(None).of_split("test")[::25][:20]


def probabilities(engine: Engine, study: Study) -> np.ndarray:
    """Of 11 β and every finding."""
    return engine.probabilities(engine.encode(load_film(study), study.report), BETAS)


def evidence(engine: Engine, study: Study, finding: str, report_method: str) -> Iterator[tuple[str, np.ndarray]]:
    """Name and values, in logits, at 11 β: "cells" (rows × columns), "words", "shares" (of image and report)."""
    encoded = engine.encode(load_film(study), study.report)
    found = explain.evidence(engine, encoded, finding, "gradcam", report_method)
    if found.cam is not None and report_method == REPORT_METHODS[0]:
        yield "cells", _at(found.cam)
    if found.report_method:
        yield f"words/{report_method}", _at(found.word_scores)
    yield "shares", _at(found.contributions)


def _at(nodes: np.ndarray) -> np.ndarray:
    return np.stack([explain.interpolate(nodes, beta) for beta in BETAS]).astype(np.float32)


def record() -> dict[str, np.ndarray]:
    engine, said = Engine.load(device="cpu"), {}
    for study in studies():
        said[f"{study.study_id}/probabilities"] = probabilities(engine, study).astype(np.float32)
        for finding in engine.findings:
            for method in REPORT_METHODS:
                for name, values in evidence(engine, study, finding, method):
                    said[f"{study.study_id}/{finding}/{name}"] = values
    return said


if __name__ == "__main__":
    np.savez_compressed(KEPT, **record())
