"""One explanation as files: numbers as JSON, the heatmap as an array, an overlay as a picture."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from explain.archive.batch import Case, Explained, explain_cases
from explain.every_beta.evidence import DEFAULT
from explain.every_beta.heatmap import heatmap
from model.errors import InputError
from model.inference.engine import NOTHING, Engine, valid_beta
from model.inputs import Film
from model.network.preprocess import fit_film
from model.storage.files import atomic_write

# Perceptually even, and read alike by colour-blind eyes.
COLOUR_SCALE = "Inferno"
MOST_OPAQUE = 0.75
MODE = 0o644  # of the files: what else the folder is open to may read them


def explain_case(
    engine: Engine,
    film: Film | None,
    report: str,
    beta: float | None,
    finding: str | None,
    out: Path,
    report_method: str = DEFAULT["report"],
) -> dict:
    """Explain a case and write `explanation.json`, and with a film `heatmap.npy` and `overlay.png`, to `out`.

    Args:
        beta: weight of the image, or None for the model's default.
        finding: or None for the most probable one.
        report_method: see `explain.archive.batch.words`.

    Returns:
        What `explanation.json` holds.

    Raises:
        InputError: the case is empty, or β, the finding or the method is out of range.
        OSError: the files cannot be written; none is left half.
    """
    if film is None and not report:
        raise InputError(NOTHING)
    out.mkdir(parents=True, exist_ok=True)
    beta = valid_beta(engine.default_beta if beta is None else beta)
    square, box = (None, None) if film is None else fit_film(film.pixels, engine.config.image_size)
    found = explain_cases(engine, [Case(square, box, report)], beta, finding, report_method)[0]
    result = describe(engine, found)
    files = {"explanation.json": (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode()}
    if film is not None:
        heat = heatmap(found.cam, box, *film.pixels.shape)
        np.save(array := BytesIO(), heat)
        scale = float(engine.network.cell_scale)
        Image.fromarray(overlay(film.pixels, heat, scale)).save(picture := BytesIO(), "PNG")
        files |= {"heatmap.npy": array.getvalue(), "overlay.png": picture.getvalue()}
    for name, content in files.items():
        atomic_write(out / name, content, MODE)
    return result


def describe(engine: Engine, found: Explained) -> dict:
    """An explanation as plain numbers, in logits where nothing else is said."""
    return {
        "model": engine.digest,
        "finding": found.finding,
        "beta": found.beta,
        "prediction": {f: round(float(p), 6) for f, p in zip(engine.findings, found.probabilities, strict=True)},
        "logit": found.logit,
        "reference_logit": found.reference_logit,
        "contributions": {"image": found.image, "report": found.report},
        "flips": list(found.flips),
        "interaction": found.interaction,
        "methods": {"image": None if found.cam is None else DEFAULT["image"], "report": found.report_method},
        "completeness_error": {"image": None, "report": found.report_error},
        "read_to": found.read_to,
        "words": [
            {"text": w.text, "start": w.start, "end": w.end, "score": float(s)}
            for w, s in zip(found.words, found.word_scores, strict=True)
        ],
    }


def overlay(
    pixels: Float[np.ndarray, "height width"], heat: Float[np.ndarray, "height width"], scale: float
) -> UInt8[np.ndarray, "height width 3"]:
    """A film with its heat over it: colour and opacity grow with the heat and are full at `scale`."""
    strength = np.clip(heat / scale, 0, 1)
    colours = _colours()[(strength * 255).astype(int)]
    opacity = (strength * MOST_OPAQUE)[..., None]
    grey = np.repeat(pixels[..., None] * 255, 3, 2)
    return np.round(grey * (1 - opacity) + colours * opacity).astype(np.uint8)


@cache
def _colours() -> Float[np.ndarray, "256 3"]:
    table = sample_colorscale(get_colorscale(COLOUR_SCALE), np.linspace(0, 1, 256).tolist())
    return np.array([unlabel_rgb(colour) for colour in table])
