"""One explanation as files: numbers as JSON, the heatmap as an array, an overlay as a picture."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

from explain.every_beta.evidence import DEFAULT, Evidence, evidence_at
from explain.every_beta.heatmap import heatmap
from explain.every_beta.overlay import overlay_png
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.inference.familiarity import Familiarity
from model.inputs import Film
from model.storage.files import atomic_write

MODE = 0o644  # of the files: what else the folder is open to may read them


def explain_case(
    engine: Engine,
    film: Film | None,
    report: str,
    beta: float | None,
    finding: str | None,
    out: Path | None,
    image_method: str = DEFAULT["image"],
    report_method: str = DEFAULT["report"],
    first: Callable[[Encoded, Evidence], object] | None = None,
) -> dict:
    """Explain a case and write `explanation.json`, and with a film `heatmap.npy` and `overlay.png`, to `out`.

    Args:
        out: None to write nothing.
        beta: weight of the image, or None for the model's default.
        finding: or None for the most probable one.
        image_method: name of the method for the film; see `explain.methods.registry`.
        report_method: name of the method for the report.
        first: what else is done with the encoded case and its evidence, before anything is written: it may refuse.

    Returns:
        What `explanation.json` holds.

    Raises:
        InputError: the case is empty, or β, the finding or the method is out of range.
        OSError: the files cannot be written; none is left half.
    """
    encoded, beta = engine.encode(film, report), engine.default_beta if beta is None else beta
    (found,) = evidence_at(engine, [encoded], beta, finding, image_method, report_method)
    result = describe(engine, found, engine.familiarity(encoded))
    if first:
        first(encoded, found)
    if out is None:
        return result
    out.mkdir(parents=True, exist_ok=True)
    files = {"explanation.json": (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode()}
    if film is not None:
        cam, box = found.image_map
        heat = heatmap(cam[0], box, *film.pixels.shape)
        np.save(array := BytesIO(), heat)
        files |= {"heatmap.npy": array.getvalue(), "overlay.png": overlay_png(film.pixels, heat, found.cell_scale)}
    for name, content in files.items():
        atomic_write(out / name, content, MODE)
    return result


def describe(engine: Engine, found: Evidence, familiarity: Familiarity) -> dict:
    """An explanation at one β as plain numbers, in logits where nothing else is said; first whether the model can tell
    of the case at all."""
    image, report = found.contributions[0].tolist()
    return familiarity.to_json() | {
        "model": engine.digest,
        "finding": found.finding,
        "beta": round(float(found.betas[0]), 6),
        "prediction": {f: round(float(p), 6) for f, p in zip(engine.findings, found.probabilities[0], strict=True)},
        "logit": float(found.logit[0]),
        "reference_logit": float(found.reference_logit[0]),
        "contributions": {"image": image, "report": report},
        "flips": list(found.flips),
        "interaction": float(found.interaction[0]),
        "methods": {"image": found.image_method, "report": found.report_method},
        "completeness_error": {"image": found.image_error, "report": found.report_error},
        "read_to": found.read_to,
        "words": [
            {"text": w.text, "start": w.start, "end": w.end, "score": float(s)}
            for w, s in zip(found.words, found.word_scores[0], strict=True)
        ],
    }
