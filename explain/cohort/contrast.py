"""What marks a group of studies off from the rest: words of their reports, and regions of their films.

Words: log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn, "Fightin' Words", 2008), which neither
rare words nor the commonest ones win. Regions: Welch's t of the films' brightness on a coarse grid.
"""

import threading
from operator import attrgetter
from typing import Any, NamedTuple, cast

import numpy as np
from cachetools import LRUCache, cachedmethod
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from scipy.stats import ttest_ind
from sklearn.feature_extraction.text import CountVectorizer

from explain.methods.words import split_words
from model.errors import ImageError
from model.network.preprocess import fit_film
from model.studies.table import Study, StudyTable, load_film

PRIOR = 500.0  # words that the prior counts for: as many as a handful of reports
SURE = 1.96  # z from which a word is told
MOST_WORDS = 12
CELLS = 16  # a side of the film
FILMS = 120  # of each side that are read: the mean of more looks the same
SURE_T = 3.0  # t from which a cell is told: 256 of them are tested
CACHED_FILMS = 4096
SEED = 0


class DistinctiveWord(NamedTuple):
    """A word that reports of the group have more often (z > 0) or less often than those of the rest."""

    word: str
    z: float
    share: float  # of the group's reports that have it
    elsewhere: float  # of the rest's


class Regions(NamedTuple):
    """Where films of the group are brighter (t > 0) or darker than those of the rest: 0 where that is not sure."""

    film: Float[np.ndarray, "cells cells"]  # the mean film of the group, 0 to 1
    t: Float[np.ndarray, "cells cells"]
    films: int  # read of the group
    elsewhere: int


class Contrast:
    """Words and films of one table. Many threads may ask."""

    def __init__(self, table: StudyTable):
        self.table = table
        self._films: LRUCache = LRUCache(CACHED_FILMS)
        self._lock = threading.Lock()
        self._counted: tuple[np.ndarray, csr_array] | None = None

    def words(self, group: Int[np.ndarray, "k"], rest: Int[np.ndarray, "m"]) -> list[DistinctiveWord]:
        """The words that tell most, for the group first, then against it. A report counts a word once."""
        names, has = self._words()
        ours, theirs = (np.asarray(has[rows].sum(0), float).ravel() for rows in (group, rest))
        z = log_odds(ours, theirs, np.asarray(has.sum(0), float).ravel())
        order = np.argsort(-z)
        told = [*order[:MOST_WORDS], *order[::-1][:MOST_WORDS]] if all(len(rows) for rows in (group, rest)) else []
        return [
            DistinctiveWord(str(names[i]), float(z[i]), float(ours[i]) / len(group), float(theirs[i]) / len(rest))
            for i in dict.fromkeys(told)
            if abs(z[i]) > SURE
        ]

    def regions(self, group: Int[np.ndarray, "k"], rest: Int[np.ndarray, "m"]) -> Regions | None:
        """Where the films differ; None where either side has fewer than two that can be read."""
        rng = np.random.default_rng(SEED)
        sides = []
        for rows in (group, rest):
            some = (self._film(self.table.studies[row]) for row in rng.permutation(rows)[:FILMS])
            sides.append([film for film in some if film is not None])
        if min(map(len, sides)) < 2:
            return None
        chosen, others = map(np.stack, sides)
        t = np.nan_to_num(_welch(chosen, others))
        return Regions(chosen.mean(0), np.where(np.abs(t) >= SURE_T, t, 0), len(chosen), len(others))

    def _words(self) -> tuple[np.ndarray, csr_array]:
        """The words of all reports, and which report has which."""
        with self._lock:
            if self._counted is None:
                self._counted = self._count()
            return self._counted

    def _count(self) -> tuple[np.ndarray, csr_array]:
        counter = CountVectorizer(analyzer=cast(Any, _words_of), binary=True, dtype=cast(Any, np.int32))
        try:
            has = counter.fit_transform(s.report for s in self.table.studies)
        except ValueError:  # no report has a word
            return np.array([], str), csr_array((len(self.table.studies), 0), dtype=np.int32)
        return counter.get_feature_names_out(), csr_array(has)

    @cachedmethod(attrgetter("_films"), lambda _, study: study.study_id, attrgetter("_lock"))
    def _film(self, study: Study) -> np.ndarray | None:
        try:
            film = load_film(study)
        except ImageError:  # its place in the table is told elsewhere
            return None
        return None if film is None else fit_film(film.pixels, CELLS)[0]


def log_odds(
    group: Float[np.ndarray, "words"], rest: Float[np.ndarray, "words"], corpus: Float[np.ndarray, "words"]
) -> Float[np.ndarray, "words"]:
    """z of each word's log-odds in a group against the rest, from its counts, with a prior like the whole corpus."""
    prior = PRIOR * corpus / max(corpus.sum(), 1)

    def log_odd(counts: np.ndarray) -> np.ndarray:
        mine = counts + prior
        return np.log(mine) - np.log(np.maximum(counts.sum() + prior.sum() - mine, 1e-9))  # of one word, all is it

    return (log_odd(group) - log_odd(rest)) / np.sqrt(1 / (group + prior) + 1 / (rest + prior))


def _welch(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        t, _ = ttest_ind(a, b, equal_var=False)
        return np.asarray(t)


def _words_of(report: str) -> list[str]:
    return [w.text.lower() for w in split_words(report, len(report)) if any(c.isalpha() for c in w.text)]
