"""Evidence as one value for the page: a JSON header and one base64 block of float32.

Bulk numbers travel as one string because Gradio serialises a component's properties at every update.
"""

import base64
import json
import time
from typing import Any

import numpy as np

from explain import NODES, Evidence
from explain.methods.words import Word, split_words
from explain.trust.ground_truth import Truth
from model.inference.encoding import Encoded

LITTLE_ENDIAN_FLOAT = np.dtype("<f4")  # what a Float32Array reads on every machine that runs a browser


def describe_evidence(evidence: Evidence, report: str, *, truth: Truth | None = None, **facts: Any) -> dict[str, Any]:
    """The value of the stage widget.

    Args:
        evidence: of one finding, at every β.
        report: the text it was computed on.
        truth: of the finding, on demo studies.
        facts: further JSON values the widget reads (ticket, case, film, findings, …); `original` may be a whole other
            such value, of the case before it was changed.
    """
    arrays = {
        "curve": evidence.curve,
        "curve_logits": evidence.curve_logits,
        "contributions": evidence.contributions,
        "interaction": evidence.interaction,
        "logit": evidence.logit,
        "reference_logit": evidence.reference_logit,
    }
    if evidence.cam is not None:
        arrays["cam"] = evidence.cam
    if evidence.words:
        arrays["words"] = evidence.word_scores
    layout, block = lay_out(arrays)
    return facts | {
        "finding": evidence.finding,
        "methods": {"image": evidence.image_method, "report": evidence.report_method},
        "completeness": {"image": evidence.image_error, "report": evidence.report_error},
        "flips": evidence.flips,
        "nodes": NODES.tolist(),
        "box": evidence.box,
        "scales": {"image": evidence.cell_scale, "words": evidence.word_scale},
        "segments": segments(report, evidence.words, evidence.read_to),
        "truth": truth and _truth(truth),
        "arrays": layout,
        "block": block,
    }


def describe_blinded(report: str, encoded: Encoded, **facts: Any) -> dict[str, Any]:
    """The value of the stage widget for a case whose answer is kept back: film and report, and nothing of the model's.

    Args:
        facts: as for `describe_evidence`.
    """
    hidden = {"finding": "", "truth": None, "original": None, "recorded": None, "arrays": {}, "block": ""}
    shown = {
        "tier": "veiled",
        "veiled": True,
        "box": encoded.box,
        "scales": {"image": 1.0, "words": 1.0},
        "segments": segments(report, split_words(report, encoded.read_to), encoded.read_to),
    }
    return facts | hidden | shown


def as_json(value: Any) -> str:
    """A value for the page."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def numbered(value: dict[str, Any]) -> str:
    """A value for the page with a number of its own, so that the same one twice is news twice."""
    return as_json({"number": time.monotonic_ns(), **value})


def share(value: Any) -> float:
    """A number from 0 to 1, such as β, from the page, which may send anything."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.5
    return min(max(number, 0.0), 1.0) if number == number else 0.5


def lay_out(arrays: dict[str, np.ndarray]) -> tuple[dict[str, list[int]], str]:
    """Name to [offset, *shape] in floats, and all values end to end in base64."""
    layout, parts, offset = {}, [], 0
    for name, array in arrays.items():
        layout[name] = [offset, *array.shape]
        parts.append(np.asarray(array, LITTLE_ENDIAN_FLOAT).ravel())
        offset += array.size
    return layout, base64.b64encode(np.concatenate(parts).tobytes()).decode()


def bytes_of(array: np.ndarray) -> str:
    """Bytes, or bits of a boolean array (the first one highest), in base64."""
    packed = np.packbits(array) if array.dtype == bool else np.ascontiguousarray(array, np.uint8)
    return base64.b64encode(packed.tobytes()).decode()


def bits(value: Any, count: int) -> np.ndarray | None:
    """The boolean array that the page packed as `bytes_of` does; None where it is none of that length."""
    try:
        packed = np.frombuffer(base64.b64decode(str(value), validate=True), np.uint8)
    except ValueError:
        return None
    return np.unpackbits(packed)[:count].astype(bool) if len(packed) == (count + 7) // 8 else None


def segments(report: str, words: tuple[Word, ...], read_to: int) -> list[list]:
    """The report cut into [text, index of its word or -1, was it read].

    Cut here because Python counts characters and the browser counts UTF-16 units.
    """
    pieces, at = [], 0
    for index, word in enumerate(words):
        if word.start > at:
            pieces.append([report[at : word.start], -1, True])
        pieces.append([report[word.start : word.end], index, True])
        at = word.end
    if at < read_to:
        pieces.append([report[at:read_to], -1, True])
        at = read_to
    if at < len(report):
        pieces.append([report[at:], -1, False])
    return pieces


def _truth(truth: Truth) -> dict[str, Any]:
    known: dict[str, Any] = {"words": truth.words, "mask": None}
    if truth.mask is not None:
        height, width = truth.mask.shape
        known |= {"mask": bytes_of(truth.mask), "height": height, "width": width}
    return known
