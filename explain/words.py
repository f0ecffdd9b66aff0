"""From word pieces to the words a reader sees."""

import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

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


def words_of_pieces(tokens: Tokens, words: tuple[Word, ...]) -> Int[np.ndarray, "pieces"]:
    """The index of the word that each piece belongs to; -1 for special pieces, which belong to none."""
    starts, ends = tokens.offsets[0].cpu().numpy().T
    if not words:
        return np.full(len(starts), -1)
    owner = np.searchsorted([w.start for w in words], starts, side="right") - 1
    return np.where(ends > starts, np.maximum(owner, 0), -1)


def merge_pieces(
    scores: Float[np.ndarray, "betas pieces"], tokens: Tokens, words: tuple[Word, ...]
) -> Float[np.ndarray, "betas words"]:
    """The score of a word is the sum over its pieces. Special pieces are left out."""
    merged = np.zeros((len(scores), len(words)), scores.dtype)
    owner = words_of_pieces(tokens, words)
    np.add.at(merged.T, owner[owner >= 0], scores.T[owner >= 0])
    return merged
