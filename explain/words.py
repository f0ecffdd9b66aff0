"""From word pieces to the words a reader sees."""

import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.encoders.report import Tokens

# A run of letters, digits and what joins them, or one sign of punctuation. Chinese is read a character a word, as BERT
# cuts it.
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+(?:['’.-][^\W\u3400-\u9fff]+)*|[^\w\s]")


class Word(NamedTuple):
    """A word and its characters in the report: `report[start:end] == text`."""

    text: str
    start: int
    end: int


def split_words(report: str, read_to: int) -> tuple[Word, ...]:
    """The words of the part of a report that the encoder read."""
    return tuple(Word(m.group(), *m.span()) for m in _WORD.finditer(report) if m.start() < read_to)


def merge_pieces(
    scores: Float[np.ndarray, "nodes pieces"], tokens: Tokens, words: tuple[Word, ...]
) -> Float[np.ndarray, "nodes words"]:
    """The score of a word is the sum over its pieces. Special pieces belong to no word and are left out."""
    merged = np.zeros((len(scores), len(words)), scores.dtype)
    starts = np.array([w.start for w in words])
    for i, (start, end) in enumerate(tokens.offsets[0].tolist()):
        if end > start and len(words):
            word = np.searchsorted(starts, start, side="right") - 1
            merged[:, max(word, 0)] += scores[:, i]
    return merged
