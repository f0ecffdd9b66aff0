"""Is the new model better than the old one? On the same studies, with paired resamples of patients."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.bootstrap import auroc, interval, resample
from model.config import SINGLE_LABEL
from model.corrections import Correction
from model.data import Study, label_matrix
from model.engine import Engine
from model.evaluate import Evaluation, evaluate, probabilities_at
from model.reference import Reference

BETAS = (0.0, 0.5, 1.0)
RESAMPLES = 1000
MARGIN = 0.01  # of AUROC: what a single finding may lose where the others gain


class Model(NamedTuple):
    """An engine, and the embeddings of the table's studies under it."""

    engine: Engine
    reference: Reference


class Change(NamedTuple):
    """A difference of AUROC (mean over β), after minus before, and its 95 % bootstrap interval; NaN where AUROC is
    undefined."""

    value: float
    low: float
    high: float


class Comparison(NamedTuple):
    """Two models on the same studies."""

    before: Evaluation
    after: Evaluation
    macro: Change
    per_finding: dict[str, Change]

    def worse(self) -> tuple[str, ...]:
        """What got worse beyond the interval: "macro" where all of it lies below 0, a finding where all of it lies
        below −MARGIN (of many findings, one has an interval below 0 by chance)."""
        lost = ("macro",) if self.macro.high < 0 else ()
        return lost + tuple(f for f, change in self.per_finding.items() if change.high < -MARGIN)


def compare(before: Model, after: Model, studies: tuple[Study, ...], seed: int = 0) -> Comparison:
    """Measure both models on concordant studies at β = 0, ½ and 1."""
    chosen = tuple(s for s in studies if not s.discordant)
    findings = before.engine.findings
    labels = label_matrix(chosen, findings)
    counts = np.vstack([np.ones((1, len(chosen)), int), resample(tuple(s.patient_id for s in chosen), RESAMPLES, seed)])
    difference = _aurocs(after, chosen, labels, counts) - _aurocs(before, chosen, labels, counts)
    return Comparison(
        evaluate(before.engine, before.reference, chosen, BETAS),
        evaluate(after.engine, after.reference, chosen, BETAS),
        _change(_mean(difference)),
        {f: _change(difference[:, i]) for i, f in enumerate(findings)},
    )


def share_as_corrected(
    model: Model, studies: tuple[Study, ...], corrected: dict[str, Correction], beta: float
) -> float | None:
    """Of the labels that reviewers decided on these studies, the share that the model decides alike at β; None without
    any."""
    known = [s for s in studies if s.study_id in corrected]
    if not known:
        return None
    rows = model.reference.rows(known)
    p = probabilities_at(model.engine, model.reference, beta, rows)
    single = model.engine.config.problem_type == SINGLE_LABEL
    decided = p == p.max(1, keepdims=True) if single else p >= 0.5
    same = [
        bool(yes) == label
        for row, study in zip(decided, known, strict=True)
        for yes, finding in zip(row, model.engine.findings, strict=True)
        if (label := corrected[study.study_id].labels.get(finding)) is not None
    ]
    return sum(same) / len(same) if same else None


def _aurocs(
    model: Model, studies: tuple[Study, ...], labels: np.ndarray, counts: np.ndarray
) -> Float[np.ndarray, "rows findings"]:
    """The mean over β of the AUROC of each finding in each resample."""
    rows = model.reference.rows(studies)
    scores = [probabilities_at(model.engine, model.reference, b, rows) for b in BETAS]
    each = [[auroc(labels[:, i], p[:, i], counts) for i in range(labels.shape[1])] for p in scores]
    return np.mean(each, 0).T


def _mean(difference: Float[np.ndarray, "rows findings"]) -> Float[np.ndarray, "rows"]:
    """Over the findings that are defined in a resample."""
    defined = ~np.isnan(difference)
    total = np.where(defined, difference, 0).sum(1)
    return np.divide(total, defined.sum(1), out=np.full(len(total), np.nan), where=defined.any(1))


def _change(samples: Float[np.ndarray, "rows"]) -> Change:
    """Row 0 is the value, the others are its resamples."""
    drawn = samples[1:][~np.isnan(samples[1:])]
    if np.isnan(samples[0]) or not len(drawn):
        return Change(np.nan, np.nan, np.nan)
    low, high = interval(drawn)
    return Change(float(samples[0]), float(low), float(high))
