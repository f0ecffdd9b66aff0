"""Sentences of this project's own about the eight findings: affirmed, denied, resolved, hedged.

They reword the demo's reports, and a report encoder learns to read by them (`model.training.reading`). The patterns are
data, `patterns.json`: in a frame, {it} is a name of the finding, {some} the same with size and side, {other} and
{another} are names of other findings.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import numpy as np

Stance = Literal["affirmed", "denied", "resolved", "hedged"]
STANCES: tuple[Stance, ...] = ("affirmed", "denied", "resolved", "hedged")
# What a report that says no more than such a sentence makes of its finding: half of what is only suspected is there.
TRUTH: dict[Stance, float] = {"affirmed": 1.0, "denied": 0.0, "resolved": 0.0, "hedged": 0.6}
_OWN = 0.35  # how often a sentence is of the finding's own, instead of one that fits all
_OWN_OF_HEART = 0.7
_UNSIZED = ("Cardiomegaly", "Emphysema")  # have no side


class Patterns(NamedTuple):
    """What sentences are made of, as `patterns.json` holds it."""

    findings: dict[str, dict[str, list[str]]]
    frames: dict[Stance, list[str]]
    irrelevant: list[str]
    sizes: list[str]
    sides: list[str]


@cache
def patterns() -> Patterns:
    """The patterns that are trained on."""
    return Patterns(**json.loads(files(__package__).joinpath("patterns.json").read_text("utf-8")))


def known_findings() -> tuple[str, ...]:
    """The findings that sentences can be written about."""
    return tuple(patterns().findings)


def sentence(finding: str, stance: Stance, rng: np.random.Generator, side: str = "") -> str:
    """A sentence that takes a stance on a finding.

    Args:
        finding: one of `known_findings()`.
        side: "left" or "right"; "" where chance decides, or nothing is said.
    """
    known = patterns()
    own = known.findings[finding]
    whole = rng.random() < (_OWN_OF_HEART if finding == "Cardiomegaly" else _OWN)
    frame = str(rng.choice(own[stance] if whole else known.frames[stance]))
    return fill(frame, finding, rng, side)


def fill(frame: str, finding: str, rng: np.random.Generator, side: str = "") -> str:
    """A frame made a sentence: its gaps filled, and a capital at its start."""
    known = patterns()
    other, another = rng.choice([f for f in known.findings if f != finding], 2, replace=False)

    def name(of: str) -> str:
        return str(rng.choice(known.findings[of]["nouns"]))

    it, size = name(finding), str(rng.choice(known.sizes))
    where = side or str(rng.choice(known.sides))
    some = it
    if finding not in _UNSIZED and rng.random() < 0.5:
        some = f"{where} {some}"
    if rng.random() < 0.5:
        some = f"{size} {some}"
    if frame.startswith("There is") and not it.endswith("s"):
        some = f"{'an' if some[0] in 'aeiou' else 'a'} {some}"
    if finding in _UNSIZED:
        frame = re.sub(r" (?:on the|in the) \{side\}(?: lung)?|\{side\} ", "", frame)
    if frame.startswith("The heart is {size}") or "is {size} enlarged" in frame or "are {size} hyper" in frame:
        size = str(rng.choice(["mildly", "moderately", "markedly", "slightly"]))
    text = frame.format(it=it, some=some, other=name(other), another=name(another), side=where, size=size)
    return text[0].upper() + text[1:]


def irrelevant(rng: np.random.Generator) -> str:
    """A sentence that says nothing of the eight findings."""
    return str(rng.choice(patterns().irrelevant))


def misspelt(text: str, rng: np.random.Generator, share: float = 0.04) -> str:
    """A text in which a share of the longer words is mistyped: a letter left out, doubled, or two exchanged."""

    def mistype(match: re.Match) -> str:
        word = match.group()
        if rng.random() >= share:
            return word
        at = int(rng.integers(1, len(word) - 2))
        kind = rng.integers(3)
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at] + word[at:]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return re.sub(r"[A-Za-z]{5,}", mistype, text)
