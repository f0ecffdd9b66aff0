"""Which studies are most worth a reviewer's look, and why: active learning over a table of reference studies.

Four signals, each a ranking of its own:

- uncertain: the entropy of the decision (uncertainty sampling; Settles, "Active Learning Literature Survey", 2009, 3.1)
- discordant: how far image alone and report alone are apart (`explain.every_beta.discordance`)
- far: the mean distance to the nearest other studies in fused space (kNN outliers; Ramaswamy et al. 2000)
- error_prone: the share of the nearest other studies on which the decision contradicts the label

Their units do not compare, so their ranks are fused: a study scores Σ 1 / (60 + rank) (reciprocal rank fusion; Cormack,
Clarke and Büttcher, SIGIR 2009), which puts what stands first in any of them near the top.
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import entropy, rankdata
from sklearn.neighbors import NearestNeighbors

from explain.cohort.spaces import FUSED, Vectors
from explain.every_beta.discordance import scores
from model.config import SINGLE_LABEL
from model.evaluation.metrics import probabilities_at
from model.inference.decision import decided
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.studies.table import StudyTable, label_matrix

NEIGHBOURS = 10
FUSION = 60  # the constant of reciprocal rank fusion, as its authors set it
FIRST = 0.05  # a study among the first of this share of a ranking has that signal for a reason


ReasonKind = Literal["uncertain", "discordant", "far", "error_prone"]


class ReviewReason(NamedTuple):
    """Why a study is worth a look, in numbers a reader can check.

    kind and values: "uncertain" its probability; "discordant" the probabilities by image alone and by report alone;
    "far" its distance over the median distance; "error_prone" how many neighbours are misjudged, of how many.
    """

    kind: ReasonKind
    finding: str  # that it is about; "" for all
    values: tuple[float, ...]


class Candidate(NamedTuple):
    """A study worth a look."""

    study_id: str
    score: float
    reasons: tuple[ReviewReason, ...]  # the one in which it stands highest first


class Signal(NamedTuple):
    """One ranking of n studies: how strong it is (NaN where it cannot be told), on which finding (-1: all), and the
    numbers that say so."""

    strength: Float[np.ndarray, "n"]
    finding: Int[np.ndarray, "n"]
    values: Float[np.ndarray, "n values"]


def worklist(engine: Engine, table: StudyTable, reference: Reference, beta: float) -> list[Candidate]:
    """The studies of a table that have a reason to be looked at, most worth it first; decided at β."""
    fused_p, image_p, report_p = (probabilities_at(engine, reference, b) for b in (beta, 1.0, 0.0))
    signals: dict[ReasonKind, Signal] = {"uncertain": uncertain(fused_p, engine.config.problem_type == SINGLE_LABEL)}
    apart = np.where(reference.has.all(1), scores(engine, reference, table.studies), np.nan)
    signals["discordant"] = discordant(apart, image_p, report_p)
    if len(table.studies) > NEIGHBOURS:
        index = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(Vectors(engine, reference).of_studies(FUSED, beta))
        distances, rows = index.kneighbors()  # of the fitted studies, each without itself
        labels = label_matrix(table.studies, engine.findings).astype(bool)
        wrong = decided(fused_p, engine.config.problem_type) != labels
        signals |= {"far": far(distances), "error_prone": error_prone(rows, wrong)}
    return fuse(reference.study_ids, engine.findings, signals)


def uncertain(p: Float[np.ndarray, "n findings"], single: bool) -> Signal:
    """The entropy in bits of the least certain finding; of the whole decision where one finding is chosen."""
    if single:
        which = p.argmax(1)
        strength = entropy(p, axis=1, base=2)
    else:
        each = entropy(np.stack([p, 1 - p]), axis=0, base=2)
        which, strength = each.argmax(1), each.max(1)
    return Signal(strength.astype(float), which, np.take_along_axis(p, which[:, None], 1).astype(float))


def discordant(
    apart: Float[np.ndarray, "n"], image: Float[np.ndarray, "n findings"], report: Float[np.ndarray, "n findings"]
) -> Signal:
    """Image alone against report alone, on the finding on which they differ most.

    Args:
        apart: their distance, NaN where a study lacks one.
    """
    which = np.abs(image - report).argmax(1)
    pair = np.stack([np.take_along_axis(p, which[:, None], 1)[:, 0] for p in (image, report)], 1)
    return Signal(apart.astype(float), which, pair.astype(float))


def far(distances: Float[np.ndarray, "n k"]) -> Signal:
    """The mean distance to the nearest other studies, over the median study's."""
    mean = distances.mean(1).astype(float)
    relative = mean / max(float(np.median(mean)), 1e-9)
    return Signal(relative, np.full(len(mean), -1), relative[:, None])


def error_prone(rows: Int[np.ndarray, "n k"], wrong: Bool[np.ndarray, "n findings"]) -> Signal:
    """The share of the neighbours that are misjudged on one finding, the one on which most are."""
    rate = wrong[rows].mean(1)
    which, k = rate.argmax(1), rows.shape[1]
    strength = rate.max(1).astype(float)
    return Signal(strength, which, np.stack([(strength * k).round(), np.full(len(rows), float(k))], 1))


def fuse(ids: tuple[str, ...], findings: tuple[str, ...], signals: dict[ReasonKind, Signal]) -> list[Candidate]:
    """Reciprocal rank fusion. Studies that stand among the first in none of the rankings are left out."""
    ranks: dict[ReasonKind, np.ndarray] = {kind: _ranks(signal.strength) for kind, signal in signals.items()}
    total = np.sum([1 / (FUSION + r) for r in ranks.values()], axis=0)  # 1 / inf is 0: what is unknown adds nothing
    limit = max(1.0, FIRST * len(ids))
    found = []
    for row in np.argsort(-total, kind="stable").tolist():
        first: list[tuple[float, ReasonKind]] = sorted(
            (float(r[row]), kind) for kind, r in ranks.items() if r[row] <= limit and signals[kind].strength[row] > 0
        )
        reasons = tuple(_reason(kind, signals[kind], row, findings) for _, kind in first)
        if reasons:
            found.append(Candidate(ids[row], float(total[row]), reasons))
    return found


def _reason(kind: ReasonKind, signal: Signal, row: int, findings: tuple[str, ...]) -> ReviewReason:
    which = signal.finding[row]
    return ReviewReason(kind, findings[which] if which >= 0 else "", tuple(signal.values[row].tolist()))


def _ranks(strength: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """1 for the strongest; equals share their mean rank; NaN comes nowhere, at infinity."""
    known = ~np.isnan(strength)
    ranks = np.full(len(strength), np.inf)
    ranks[known] = rankdata(-strength[known], method="average")
    return ranks
