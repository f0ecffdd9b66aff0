"""Is the new model better than the old one? On the same studies, with paired resamples of patients."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from model.bootstrap import Band, auroc, band, counts_of, macro
from model.config import SINGLE_LABEL
from model.corrections import Correction
from model.data import Study, label_matrix
from model.engine import Engine
from model.evaluate import Evaluation, evaluate, probabilities_at
from model.reference import Reference

BETAS = (0.0, 0.5, 1.0)
MARGIN = 0.01  # of AUROC: what a single finding may lose where the others gain


class Model(NamedTuple):
    """An engine, and the embeddings of the table's studies under it."""

    engine: Engine
    reference: Reference


class Comparison(NamedTuple):
    """Two models on the same studies."""

    before: Evaluation
    after: Evaluation
    macro: Band  # of the differences of AUROC (mean over β), after minus before; no axes
    per_finding: dict[str, Band]

    def worse(self) -> tuple[str, ...]:
        """What got worse beyond the interval: "macro" where all of it lies below 0, a finding where it does and more
        than MARGIN is lost (of many findings, one loses a trifle beyond its interval by chance)."""
        lost = ("macro",) if self.macro.high < 0 else ()
        return lost + tuple(f for f, change in self.per_finding.items() if change.high < 0 and change.value < -MARGIN)


def compare(before: Model, after: Model, studies: tuple[Study, ...], seed: int = 0) -> Comparison:
    """Measure both models on concordant studies at β = 0, ½ and 1."""
    chosen = tuple(s for s in studies if not s.discordant)
    findings = before.engine.findings
    labels = label_matrix(chosen, findings)
    counts = counts_of(tuple(s.patient_id for s in chosen), seed=seed)
    difference = _aurocs(after, chosen, labels, counts) - _aurocs(before, chosen, labels, counts)
    return Comparison(
        evaluate(before.engine, before.reference, chosen, BETAS),
        evaluate(after.engine, after.reference, chosen, BETAS),
        band(macro(difference)),
        {f: band(rows) for f, rows in zip(findings, difference, strict=True)},
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
) -> Float[np.ndarray, "findings rows"]:
    """The mean over β of the AUROC of each finding in each resample."""
    rows = model.reference.rows(studies)
    scores = [probabilities_at(model.engine, model.reference, b, rows) for b in BETAS]
    return np.mean([[auroc(truth, s, counts) for truth, s in zip(labels.T, p.T, strict=True)] for p in scores], 0)
