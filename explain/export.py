"""One explanation as files: numbers as JSON, the heatmap as an array, an overlay as a picture."""

import json
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from explain.every_beta import Evidence, evidence
from explain.heatmap import heatmap
from explain.nodes import interpolate
from model.engine import Engine
from model.inputs import Film

# Perceptually even, and read alike by colour-blind eyes.
COLOUR_SCALE = "Inferno"
MOST_OPAQUE = 0.75


def explain_case(
    engine: Engine, film: Film | None, report: str, beta: float | None, finding: str | None, out: Path
) -> dict:
    """Explain a case and write `explanation.json`, and with a film `heatmap.npy` and `overlay.png`, to `out`.

    Args:
        beta: weight of the image, or None for the model's default.
        finding: or None for the most probable one.

    Returns:
        What `explanation.json` holds.

    Raises:
        InputError: the case is empty, or β or the finding is out of range.
    """
    encoded = engine.encode(film, report)
    beta = engine.clamp_beta(encoded, engine.default_beta if beta is None else beta)
    probabilities = engine.probabilities(encoded, np.array([beta]))[0]
    finding = finding or engine.findings[int(probabilities.argmax())]
    found = evidence(engine, encoded, finding)
    result = describe(engine, found, probabilities, beta)
    out.mkdir(parents=True, exist_ok=True)
    (out / "explanation.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if film is not None:
        heat = heatmap(interpolate(found.cam, beta), found.box, *film.pixels.shape)
        np.save(out / "heatmap.npy", heat)
        Image.fromarray(overlay(film.pixels, heat, found.cell_scale)).save(out / "overlay.png")
    return result


def describe(engine: Engine, found: Evidence, probabilities: Float[np.ndarray, "findings"], beta: float) -> dict:
    """Evidence at one β as plain numbers, in logits where nothing else is said."""
    image, report = interpolate(found.contributions, beta)
    scores = interpolate(found.word_scores, beta)
    return {
        "model": engine.digest,
        "finding": found.finding,
        "beta": beta,
        "prediction": {f: round(float(p), 6) for f, p in zip(engine.findings, probabilities, strict=True)},
        "logit": float(interpolate(found.logit, beta)),
        "reference_logit": float(interpolate(found.reference_logit, beta)),
        "contributions": {"image": float(image), "report": float(report)},
        "flips": list(found.flips),
        "interaction": float(interpolate(found.interaction, beta)),
        "methods": {"image": found.image_method, "report": found.report_method},
        "completeness_error": {"image": found.image_error, "report": found.report_error},
        "read_to": found.read_to,
        "words": [
            {"text": w.text, "start": w.start, "end": w.end, "score": float(s)}
            for w, s in zip(found.words, scores, strict=True)
        ],
    }


def overlay(
    pixels: Float[np.ndarray, "height width"], heat: Float[np.ndarray, "height width"], scale: float
) -> UInt8[np.ndarray, "height width 3"]:
    """A film with its heat over it: colour and opacity grow with the heat and are full at `scale`."""
    strength = np.clip(heat / scale, 0, 1)
    table = sample_colorscale(get_colorscale(COLOUR_SCALE), np.linspace(0, 1, 256).tolist())
    colours = np.array([unlabel_rgb(c) for c in table])[(strength * 255).astype(int)]
    opacity = (strength * MOST_OPAQUE)[..., None]
    grey = np.repeat(pixels[..., None] * 255, 3, 2)
    return np.round(grey * (1 - opacity) + colours * opacity).astype(np.uint8)
