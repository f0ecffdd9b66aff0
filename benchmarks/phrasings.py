"""Whether a report is read, not searched: what a checkpoint says of phrasings that no training has seen.

    python benchmarks/phrasings.py [--checkpoint FOLDER]

Each of 30 phrasings is said of each of the eight findings, the report alone, at β = 0: ten affirm, ten deny, ten say
that the finding has gone or was ruled out. Shares of those decided rightly; then how many decisions change where words
are mistyped, and where each in turn of a few words beside the finding's name is masked. The last line is JSON.
"""

import argparse
import json
import re
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from model.inference.encoding import Case
from model.inference.engine import Engine
from model.studies.demo.phrases import known_findings, misspelt
from model.studies.demo.wording import MASK

NAMES = {
    "Atelectasis": ("atelectasis", "partial collapse with atelectasis"),
    "Cardiomegaly": ("cardiomegaly", "an enlarged heart"),
    "Edema": ("pulmonary edema", "interstitial pulmonary edema"),
    "Effusion": ("pleural effusion", "an effusion"),
    "Emphysema": ("emphysema", "emphysematous hyperinflation"),
    "Lung Opacity": ("airspace opacity", "a consolidation"),
    "Nodule": ("a nodule", "a lung nodule"),
    "Pneumothorax": ("pneumothorax", "a pneumothorax"),
}
# {it} is the finding. None of these stands in `model/studies/demo/phrases/patterns.json`.
AFFIRMED = (
    "The main abnormality on this radiograph is {it}.",
    "Once more we demonstrate {it}, somewhat larger than in March.",
    "The appearances are those of {it}.",
    "Imaging establishes {it} beyond doubt.",
    "Today's radiograph reveals {it}, which explains the symptoms.",
    "{it} remains, despite treatment.",
    "The patient has {it}.",
    "What is striking here is {it}.",
    "Diagnosis: {it}, to be followed up in two weeks.",
    "Bone is intact, but {it} is evident.",
)
DENIED = (
    "Nothing on this radiograph points to {it}.",
    "I find neither a sign nor a trace of {it}.",
    "The radiograph argues against {it}.",
    "{it} could not be demonstrated.",
    "There isn't any {it} on today's radiograph.",
    "Specifically, {it} is lacking.",
    "The examination fails to show {it}.",
    "As for {it}: nil.",
    "Looked for and not found: {it}.",
    "The study excludes {it}.",
)
GONE = (
    "{it}, described last week, can no longer be made out.",
    "Since the last visit {it} has completely subsided.",
    "Earlier {it} has vanished under therapy.",
    "The earlier radiograph had {it}; this one has none.",
    "Following treatment there is nothing left of {it}.",
    "{it} was ruled out.",
    "Query {it}: ruled out by this study.",
    "History of {it}, since healed completely.",
    "Former {it} has regressed entirely.",
    "The suspicion of {it} was not borne out.",
)
STANCES = {"affirmed": AFFIRMED, "denied": DENIED, "resolved": GONE}
SEED = 5


class Phrasing(NamedTuple):
    """A sentence, of which finding it is, and what it says of it."""

    finding: str
    stance: str
    text: str


def phrasings() -> list[Phrasing]:
    """8 findings × 30; the names of a finding by turns."""
    made = []
    for finding, (stance, frames) in product(known_findings(), STANCES.items()):
        for i, frame in enumerate(frames):
            text = frame.format(it=NAMES[finding][i % len(NAMES[finding])])
            made.append(Phrasing(finding, stance, text[0].upper() + text[1:]))
    return made


def masked(phrasing: Phrasing, rng: np.random.Generator) -> str:
    """The sentence with one word masked that is neither the finding's name nor says whether it is there."""
    names = set(re.findall(r"\w+", " ".join(NAMES[phrasing.finding]).lower()))
    free = [m for m in re.finditer(r"[A-Za-z']{4,}", phrasing.text) if m.group().lower() not in names | DECIDING]
    if not free:
        return phrasing.text
    chosen = free[int(rng.integers(len(free)))]
    return phrasing.text[: chosen.start()] + MASK + phrasing.text[chosen.end() :]


DECIDING = {
    "nothing", "neither", "against", "lacking", "fails", "found", "excludes", "longer", "subsided", "vanished", "none",
    "ruled", "healed", "regressed", "borne", "could", "demonstrated", "isn't", "nil", "left", "been", "argues",
}  # fmt: skip


def probabilities(engine: Engine, texts: list[str]) -> np.ndarray:
    """By the report alone: (texts, findings)."""
    said = []
    for start in tqdm(range(0, len(texts), 32), unit="batch"):
        cases = [Case(None, None, text) for text in texts[start : start + 32]]
        said += [engine.probabilities(e, np.zeros(1))[0] for e in engine.encode_cases(cases, views=False)]
    return np.array(said)


def measure(engine: Engine) -> dict[str, Any]:
    """Shares decided rightly, on the whole and by finding, and shares of decisions that spoiling changes."""
    asked = [p for p in phrasings() if p.finding in engine.findings]
    rng = np.random.default_rng(SEED)
    column = np.array([engine.finding_index(p.finding) for p in asked])
    rows = np.arange(len(asked))

    def present(texts: list[str]) -> np.ndarray:
        return probabilities(engine, texts)[rows, column] > 0.5

    plain = present([p.text for p in asked])
    spoilt = {
        "typos": present([misspelt(p.text, rng, 0.5) for p in asked]),
        "masks": present([masked(p, rng) for p in asked]),
    }
    right = plain == np.array([p.stance == "affirmed" for p in asked])
    stance, finding = (np.array([getattr(p, name) for p in asked]) for name in ("stance", "finding"))
    return {
        "phrasings": len(asked),
        **{name: float(right[stance == name].mean()) for name in STANCES},
        "not_affirmed": float(right[stance != "affirmed"].mean()),
        "by_finding": {name: float(right[finding == name].mean()) for name in dict.fromkeys(finding.tolist())},
        "changed": {name: float((other != plain).mean()) for name, other in spoilt.items()},
        "wrong": [p.text for p, good in zip(asked, right, strict=True) if not good],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="instead of the embedded one")
    figures = measure(Engine.load(parser.parse_args().checkpoint, device="auto"))
    for text in figures["wrong"]:
        print("wrong:", text)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
