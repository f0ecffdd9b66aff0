"""Models side by side: macro AUROC from the image alone, from the report alone and from both, on the same studies.

The β of each model is chosen on the validation split and measured on the test split. Patients are resampled, and the
same resamples serve every model, so that the difference between two of them is a paired one (Efron and Tibshirani 1993,
chapter 16).
"""

from itertools import compress
from typing import NamedTuple

import numpy as np

from model.errors import ChoiceError
from model.evaluation.beta_curves import BETA_GRID, best_beta
from model.evaluation.bootstrap import LEAST, RESAMPLES, Band, aurocs, band, counts_of, macro, smaller_side
from model.evaluation.held_out import predict_held_out
from model.inference.engine import Engine
from model.inference.predictions import PerFinding
from model.progress import Progress
from model.studies.table import Study, StudyTable, label_matrix

WAYS = ("image", "report", "fused")


class Decisions(NamedTuple):
    """What a model decides on the test split: probabilities (n, findings) for each of WAYS; NaN where it has learnt a
    study, and nobody can decide in its place.

    beta: of the fused decision; the best on the validation split, or the model's default where that cannot tell.
    """

    findings: tuple[str, ...]
    beta: float
    beta_from: str  # "validation" or "default"
    probabilities: dict[str, PerFinding]
    words: str = ""  # what a reader must know of who decided; see `held_out.HeldOutPredictions`


class ModelResult(NamedTuple):
    """A model's macro AUROC for each of WAYS, and how far it lies above the first model's. Bands have no axes."""

    beta: float
    beta_from: str
    auroc: dict[str, Band]
    difference: dict[str, Band]


class ModelComparison(NamedTuple):
    """The results of models by name, in the order in which they were given."""

    n: int
    patients: int
    resamples: int
    left_out: int  # studies that one of the models has learnt
    few: dict[str, int]  # patients with a finding or without it, the fewer, where fewer than LEAST
    results: dict[str, ModelResult]


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
    """Choose a model's β on the validation split, and let it decide on the test split. What it has learnt of both,
    networks of its cross-validation decide, or nobody: see `model.evaluation.held_out`.

    Raises:
        ChoiceError: the table has no test split, or the model has learnt all of it.
        CheckpointError: nobody can tell what the model has learnt.
    """
    tested = compared_studies(table)
    judged = predict_held_out(engine, table, tested, progress=progress)
    beta, beta_from = _best_on_validation(engine, table, progress)
    at = {"image": len(BETA_GRID) - 1, "report": 0, "fused": BETA_GRID.index(beta)}
    every = np.full((len(BETA_GRID), len(tested), len(engine.findings)), np.nan)
    every[:, judged.keep] = judged.scored.probabilities(engine.network)
    probabilities = {way: every[index] for way, index in at.items()}
    return Decisions(engine.findings, beta, beta_from, probabilities, judged.caveats())


def compare_models(
    decisions: dict[str, Decisions], studies: tuple[Study, ...], resamples: int = RESAMPLES
) -> ModelComparison:
    """Measure the decisions of models, by name, on those of the studies they were made on that all could decide.

    Raises:
        ChoiceError: the models decide on different findings, or there is no such study.
    """
    (first, base), *_ = decisions.items()
    for name, other in decisions.items():
        if set(other.findings) != set(base.findings):
            raise ChoiceError(
                f"{first} decides on {', '.join(base.findings)} and {name} on {', '.join(other.findings)}; "
                "models are compared on the same findings."
            )
    unlearnt = ~np.any([np.isnan(p).any(1) for d in decisions.values() for p in d.probabilities.values()], axis=0)
    if not unlearnt.any():
        raise ChoiceError(
            f"Each of the {len(studies)} test studies was learnt by one of the models ({', '.join(decisions)}), and no "
            "network of a cross-validation can decide in its place: compare them on studies of other patients."
        )
    studies = tuple(compress(studies, unlearnt))
    patients = tuple(s.patient_id for s in studies)
    counts = counts_of(patients, resamples)
    few = {f: smaller_side(label_matrix(studies, (f,))[:, 0], patients) for f in base.findings}
    samples = {}
    for name, d in decisions.items():
        labels = label_matrix(studies, d.findings)
        samples[name] = {way: macro(aurocs(labels, p[unlearnt], counts)) for way, p in d.probabilities.items()}
    most = max(few.values())
    return ModelComparison(
        n=len(studies),
        patients=len(set(patients)),
        resamples=len(counts) - 1,
        left_out=int((~unlearnt).sum()),
        few={finding: n for finding, n in few.items() if n < LEAST},
        results={
            name: ModelResult(
                beta=decisions[name].beta,
                beta_from=decisions[name].beta_from,
                auroc={way: band(rows, most) for way, rows in own.items()},
                difference={way: band(rows - samples[first][way], most) for way, rows in own.items()},
            )
            for name, own in samples.items()
        },
    )


def _best_on_validation(engine: Engine, table: StudyTable, progress: Progress) -> tuple[float, str]:
    """The β of the highest macro AUROC on the validation split; the one nearest to the model's default where that
    leaves it undefined."""
    validation = tuple(s for s in table.studies if s.split == "val" and not s.discordant)
    try:
        scored = predict_held_out(engine, table, validation, progress=progress).scored
    except ChoiceError:
        scored = None
    if scored and scored.studies:
        labels, once = scored.labels(engine.findings), np.ones((1, len(scored.studies)), int)
        over_beta = [macro(aurocs(labels, p, once)) for p in scored.probabilities(engine.network)]
        best = best_beta(np.stack(over_beta, 1))[0, 0]
        if not np.isnan(best):
            return float(best), "validation"
    return min(BETA_GRID, key=lambda beta: abs(beta - engine.default_beta)), "default"
