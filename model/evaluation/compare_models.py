"""Models side by side: macro AUROC from the image alone, from the report alone and from both, on the same studies.

The β of each model is chosen on the validation split and measured on the test split. Patients are resampled, and the
same resamples serve every model, so that the difference between two of them is a paired one (Efron and Tibshirani 1993,
chapter 16).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from model.bootstrap import RESAMPLES, Band, auroc, band, counts_of, macro
from model.data import Study, StudyTable, label_matrix
from model.engine import Engine
from model.errors import ChoiceError
from model.evaluate import probabilities_at
from model.lab import BETAS, best_beta
from model.reference import Progress, Reference, encode_studies

WAYS = ("image", "report", "fused")


class Decisions(NamedTuple):
    """What a model decides on the test split: probabilities (n, findings) for each of WAYS.

    beta: of the fused decision; the best on the validation split, or the model's default where that cannot tell.
    """

    findings: tuple[str, ...]
    beta: float
    beta_from: str  # "validation" or "default"
    probabilities: dict[str, Float[np.ndarray, "n findings"]]


class Standing(NamedTuple):
    """A model's macro AUROC for each of WAYS, and how far it lies above the first model's. Bands have no axes."""

    beta: float
    beta_from: str
    auroc: dict[str, Band]
    difference: dict[str, Band]


class Comparison(NamedTuple):
    """The standings of models by name, in the order in which they were given."""

    n: int
    patients: int
    resamples: int
    standings: dict[str, Standing]


def compared_studies(table: StudyTable) -> tuple[Study, ...]:
    """What models are compared on: the test split without discordant studies, which no one label judges.

    Raises:
        ChoiceError: there is none.
    """
    chosen = tuple(s for s in table.of_split("test") if not s.discordant)
    if not chosen:
        raise ChoiceError(f"The table {table.name} has no study in split test whose image and report agree.")
    return chosen


def decide(engine: Engine, table: StudyTable, progress: Progress = iter) -> Decisions:
    """Choose a model's β on the validation split, and let it decide on the test split.

    Raises:
        ChoiceError: the table has no test split.
    """
    tested = compared_studies(table)
    validation = tuple(s for s in table.studies if s.split == "val" and not s.discordant)
    reference = encode_studies(engine, validation + tested, progress)
    beta, beta_from = _best_on(engine, reference, validation)
    rows = reference.rows(tested)
    betas = {"image": 1.0, "report": 0.0, "fused": beta}
    probabilities = {way: probabilities_at(engine, reference, b, rows) for way, b in betas.items()}
    return Decisions(engine.findings, beta, beta_from, probabilities)


def compare(
    decisions: dict[str, Decisions], studies: tuple[Study, ...], resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Measure the decisions of models, by name, on the studies they were made on.

    Raises:
        ChoiceError: the models decide on different findings.
    """
    (first, base), *_ = decisions.items()
    for name, other in decisions.items():
        if set(other.findings) != set(base.findings):
            raise ChoiceError(
                f"{first} decides on {', '.join(base.findings)} and {name} on {', '.join(other.findings)}; "
                "models are compared on the same findings."
            )
    patients = tuple(s.patient_id for s in studies)
    counts = counts_of(patients, resamples, seed)
    samples = {name: _samples(d, label_matrix(studies, d.findings), counts) for name, d in decisions.items()}
    return Comparison(
        n=len(studies),
        patients=len(set(patients)),
        resamples=len(counts) - 1,
        standings={
            name: Standing(
                beta=decisions[name].beta,
                beta_from=decisions[name].beta_from,
                auroc={way: band(rows) for way, rows in own.items()},
                difference={way: band(rows - samples[first][way]) for way, rows in own.items()},
            )
            for name, own in samples.items()
        },
    )


def _samples(
    decisions: Decisions, labels: Float[np.ndarray, "n findings"], counts: Int[np.ndarray, "rows n"]
) -> dict[str, Float[np.ndarray, "rows"]]:
    """Macro AUROC for each of WAYS, for each row of counts."""
    return {
        way: macro(np.stack([auroc(truth, scores, counts) for truth, scores in zip(labels.T, p.T, strict=True)]))
        for way, p in decisions.probabilities.items()
    }


def _best_on(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> tuple[float, str]:
    """The β of the highest macro AUROC on studies; the model's default where they leave it undefined."""
    if studies:
        labels, rows = label_matrix(studies, engine.findings), reference.rows(studies)
        once = np.ones((1, len(studies)), int)
        over_beta = [
            macro(np.stack([auroc(t, p, once) for t, p in zip(labels.T, at_beta.T, strict=True)]))
            for at_beta in (probabilities_at(engine, reference, b, rows) for b in BETAS)
        ]
        best = best_beta(np.stack(over_beta, 1))[0, 0]
        if not np.isnan(best):
            return float(best), "validation"
    return engine.default_beta, "default"
