"""Rewrites a real report so that it says more, less, or less surely what its codes say.

No text of a report is stored: a study keeps the report's id, what was done to it, and a seed; text and sentences of
this project's own (`model.studies.demo.phrases`) come together when the demo is opened.
"""

import re
from typing import NamedTuple

import numpy as np

from model.studies.demo.phrases import irrelevant, misspelt, sentence
from model.studies.demo.reports import mentions_of, sentences_of, stating_sentences

MASK = "XXXX"  # what the collection puts in place of words that were taken out


class Edits(NamedTuple):
    """What is done to a report; findings by name.

    Attributes:
        silent: nothing is said of them.
        masked: their names are masked.
        hedged: they are only suspected, instead of stated.
        restated: they are stated in other words.
        missed: they are denied, though they are there.
        suspected: findings that are not there are suspected as well.
        denied: findings that are not there are denied as well.
        resolved: findings that are not there are said to have gone.
        swapped: left and right change places.
        shuffled: sentences change places.
        misspelt: some words are mistyped.
        added: how many sentences that say nothing of a finding come in.
    """

    silent: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    hedged: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    swapped: int = 0
    shuffled: int = 0
    misspelt: int = 0
    added: int = 0

    def to_text(self) -> str:
        """As a table keeps it: "silent=Nodule|Edema;shuffled=1"; "" where nothing is done."""
        parts = ((name, value if isinstance(value, int) else "|".join(value)) for name, value in self._asdict().items())
        return ";".join(f"{name}={value}" for name, value in parts if value)

    @classmethod
    def from_text(cls, text: str) -> "Edits":
        """
        Raises:
            ValueError: it is not what `to_text` writes.
        """
        values: dict = {}
        for part in filter(None, text.split(";")):
            name, equals, value = part.partition("=")
            if not equals or name not in cls._fields:
                raise ValueError(f"got {part!r}, expected name=value with a name of {', '.join(cls._fields)}")
            values[name] = int(value) if isinstance(cls._field_defaults[name], int) else tuple(value.split("|"))
        return cls(**values)


def reworded(text: str, edits: Edits, seed: int) -> str:
    """A report after its edits; the same arguments give the same text."""
    if edits == Edits():
        return text
    rng = np.random.default_rng([97, seed])
    replaced = {
        **dict.fromkeys(edits.silent, ""),
        **{f: sentence(f, "hedged", rng) for f in edits.hedged},
        **{f: sentence(f, "affirmed", rng, _side_of(text, f)) for f in edits.restated},
        **{f: sentence(f, "denied", rng) for f in edits.missed},
    }
    parts = _replace(text, replaced) if replaced else [text[a:b] for a, b in sentences_of(text)]
    parts = [_masked(part, edits.masked) for part in parts]
    extra = [sentence(f, "hedged", rng) for f in edits.suspected]
    extra += [sentence(f, "denied", rng) for f in edits.denied]
    extra += [sentence(f, "resolved", rng) for f in edits.resolved]
    extra += [irrelevant(rng) for _ in range(max(edits.added, int(not parts and not extra)))]
    for one in extra:
        parts.insert(int(rng.integers(len(parts) + 1)), one)
    if edits.shuffled:
        parts = [parts[k] for k in rng.permutation(len(parts))]
    if edits.swapped:
        parts = [_swapped(part) for part in parts]
    if edits.misspelt:
        parts = [misspelt(part, rng) for part in parts]
    return " ".join(parts)


def _replace(text: str, replaced: dict[str, str]) -> list[str]:
    """The sentences of a text, those that state a finding replaced; "" takes them out.

    A sentence that states another finding as well goes too, and so that finding must be said again: it stays, with the
    names of the replaced ones taken out.
    """
    stating = stating_sentences(text)
    put: set[str] = set()
    parts = []
    for span in sentences_of(text):
        here = [f for f, spans in stating.items() if span in spans]
        gone = [f for f in here if f in replaced]
        part = text[slice(*span)]
        if gone and len(gone) < len(here):
            for finding in gone:
                part = _without(part, finding)
            parts.append(part)
        elif not gone:
            parts.append(part)
        for finding in gone:
            if replaced[finding] and finding not in put:
                parts.append(replaced[finding])
                put.add(finding)
    return parts + [s for f, s in replaced.items() if s and f not in put]


def _without(part: str, finding: str) -> str:
    """A sentence with the names of a finding masked, from the last to the first."""
    for start, end in reversed(mentions_of(part, finding)):
        part = part[:start] + MASK + part[end:]
    return part


def _masked(part: str, findings: tuple[str, ...]) -> str:
    for finding in findings:
        part = _without(part, finding)
    return part


def _side_of(text: str, finding: str) -> str:
    """The one side that the sentences which state a finding name; "" where they name none or both."""
    stated = " ".join(text[a:b] for a, b in stating_sentences(text).get(finding, ()))
    sides = {side for side in ("left", "right") if re.search(rf"\b{side}\b", stated, re.IGNORECASE)}
    return sides.pop() if len(sides) == 1 else ""


_OTHER_SIDE = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}


def _swapped(part: str) -> str:
    return re.sub(r"\b(?:[Ll]eft|[Rr]ight)\b", lambda match: _OTHER_SIDE[match.group()], part)
