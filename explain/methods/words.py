"""From word pieces to the words a reader sees."""

import re
import unicodedata
from itertools import groupby
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from model.network.encoders.report import Tokens


def _marks() -> str:
    """What stands on or beside a letter and is none itself, such as the vowel signs of Hindi, as ranges of a class."""
    codes = [
        c for c in (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0)) if unicodedata.category(chr(c)).startswith("M")
    ]
    runs = (list(run) for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]))
    return "".join(f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}" for run in runs)


# A run of letters, digits and what joins them (a full stop only joins digits: who leaves out the blank after it writes
# two words), or one sign. Chinese is read a character a word, as BERT cuts it. Marks, skin tones, the
# letters of a flag's region, and what a joiner joins to an emoji are of the sign before; two regional indicators are a
# flag. So no word ends within what a reader takes for one sign (a grapheme cluster of Unicode's annex 29).
_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = _marks()
_LETTER = rf"[^\W{_HAN}][{_MARKS}\u200c\u200d]*"
_EXTRA = rf"(?:[{_MARKS}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d[^\w\s])*"
_WORD = re.compile(
    rf"[{_HAN}][{_MARKS}]*|(?:{_LETTER})+(?:(?:['’-]|(?<=\d)\.(?=\d))(?:{_LETTER})+)*"
    rf"|[\U0001f1e6-\U0001f1ff]{{2}}|[^\w\s]{_EXTRA}"
)


class Word(NamedTuple):
    """A word and its characters in the report: `report[start:end] == text`."""

    text: str
    start: int
    end: int


def split_words(report: str, read_to: int) -> tuple[Word, ...]:
    """The words of the part of a report that the encoder read."""
    return tuple(Word(m.group(), *m.span()) for m in _WORD.finditer(report) if m.start() < read_to)


def words_of_pieces(tokens: Tokens, words: tuple[Word, ...]) -> Int[np.ndarray, "pieces"]:
    """The index of the word that each piece belongs to: the first that ends behind the piece's start, as between words
    there are blanks alone, which many tokenizers count to the first piece of the word that follows, or make a piece of
    its own. -1 for special pieces, which belong to none."""
    starts, ends = tokens.offsets[0].cpu().numpy().T
    if not words:
        return np.full(len(starts), -1)
    owner = np.searchsorted([w.end for w in words], starts, side="right")
    return np.where(ends > starts, np.minimum(owner, len(words) - 1), -1)


def merge_pieces(
    scores: Float[np.ndarray, "betas pieces"], tokens: Tokens, words: tuple[Word, ...]
) -> Float[np.ndarray, "betas words"]:
    """The score of a word is the sum over its pieces. Special pieces are left out."""
    merged = np.zeros((len(scores), len(words)), scores.dtype)
    owner = words_of_pieces(tokens, words)
    np.add.at(merged.T, owner[owner >= 0], scores.T[owner >= 0])
    return merged
