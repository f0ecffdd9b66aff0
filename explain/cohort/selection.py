"""A group of studies against the rest: how many, what they have, how well the model does on them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.path import Path
from sklearn.metrics import roc_auc_score

from model.evaluation.metrics import probabilities_at
from model.inference.decision import decided
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.studies.table import StudyTable, label_matrix


class FindingOf(NamedTuple):
    """One finding in a group, at β. None where it is undefined."""

    finding: str
    positives: int
    prevalence: float
    elsewhere: float | None  # prevalence in the rest
    auroc: float | None
    error: float | None  # share of the studies on which the decision is wrong


class Summary(NamedTuple):
    """A group at β. Discordant studies count for size and prevalence alone: their image and report state different
    truths, so no one label judges a decision on them."""

    size: int
    of: int
    discordant: int
    error: float | None  # share of the studies with any wrong decision
    elsewhere: float | None  # the same in the rest
    findings: tuple[FindingOf, ...]


def inside(
    polygon: Float[np.ndarray, "corners 2"], xy: Float[np.ndarray, "n 2"], shown: Bool[np.ndarray, "n"] | None = None
) -> Int[np.ndarray, "k"]:
    """Which points lie in a polygon.

    Args:
        shown: which points may be chosen; None, all of them.
    """
    within = Path(polygon).contains_points(xy) if len(polygon) > 2 else np.zeros(len(xy), bool)
    return np.flatnonzero(within if shown is None else within & shown)


def summarise(
    engine: Engine,
    table: StudyTable,
    reference: Reference,
    group: Int[np.ndarray, "k"],
    rest: Int[np.ndarray, "m"],
    beta: float,
) -> Summary:
    """Hold a group of reference studies, by their rows, against the rest."""
    chosen, others = (_Part(engine, table, reference, rows, beta) for rows in (group, rest))
    findings = tuple(
        FindingOf(
            finding=name,
            positives=int(chosen.truth[:, i].sum()),
            prevalence=float(chosen.truth[:, i].mean()) if len(group) else 0.0,
            elsewhere=float(others.truth[:, i].mean()) if len(rest) else None,
            auroc=chosen.auroc(i),
            error=chosen.error(i),
        )
        for i, name in enumerate(engine.findings)
    )
    return Summary(
        len(group), len(group) + len(rest), int((~chosen.judged).sum()), chosen.error(), others.error(), findings
    )


class _Part:
    def __init__(self, engine: Engine, table: StudyTable, reference: Reference, rows: np.ndarray, beta: float):
        studies = tuple(table.studies[row] for row in rows)
        self.truth = label_matrix(studies, engine.findings)
        self.judged = np.array([not s.discordant for s in studies], bool)
        self.p = probabilities_at(engine, reference, beta, rows[self.judged])
        self.wrong = decided(self.p, engine.config.problem_type) != self.truth[self.judged].astype(bool)

    def auroc(self, index: int) -> float | None:
        truth = self.truth[self.judged, index]
        return float(roc_auc_score(truth, self.p[:, index])) if 0 < truth.sum() < len(truth) else None

    def error(self, index: int | None = None) -> float | None:
        if not len(self.wrong):
            return None
        return float((self.wrong.any(1) if index is None else self.wrong[:, index]).mean())
