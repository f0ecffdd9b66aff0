"""How well a model decides, at every β."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import roc_auc_score

from model.config import SINGLE_LABEL, Config
from model.evaluation.bootstrap import Band, Gain, aurocs, band, counts_of, gain, macro, smaller_side
from model.evaluation.figures import interval_shown, json_numbers, p_shown, shown
from model.inference.embeddings import Reference, logits_at
from model.inference.engine import Engine
from model.inference.predictions import OverBeta, PerFinding, Scored, chances
from model.network.network import Network
from model.studies.table import Study, label_matrix
from model.training.calibration import recalibrated

REPORTED_BETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
SOLE_MODALITY_BETA = {"report": 0.0, "image": 1.0}  # the β at which a modality decides alone
ECE_BINS = 15


class Uncertainty(NamedTuple):
    """How sure an AUROC is: intervals over patients, and how far the macro average lies above that of one modality
    alone in the same resamples."""

    patients: int
    resamples: int
    macro_auroc: Band  # axes: betas
    auroc: Band  # axes: betas, findings
    over: dict[str, Gain]  # by "report" and "image"; axes: betas


class Evaluation(NamedTuple):
    """Metrics at each β. NaN where a finding has no positive or no negative study."""

    n: int
    betas: tuple[float, ...]
    macro_auroc: Float[np.ndarray, "betas"]
    ece: Float[np.ndarray, "betas"]  # of all findings together
    auroc: Float[np.ndarray, "betas findings"]
    ece_of: Float[np.ndarray, "betas findings"]
    findings: tuple[str, ...]
    spread: Uncertainty | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, rounded to 4 decimals; None for what is undefined."""
        found = {"n": self.n, "betas": list(self.betas), "macro_auroc": json_numbers(self.macro_auroc)}
        each = {
            f: {"auroc": json_numbers(self.auroc[:, i]), "ece": json_numbers(self.ece_of[:, i])}
            for i, f in enumerate(self.findings)
        }
        if self.spread:
            found |= {"patients": self.spread.patients, "resamples": self.spread.resamples}
            found["macro_auroc_interval"] = _ends(self.spread.macro_auroc)
            for name, above in self.spread.over.items():
                found[f"over_{name}_alone"] = {
                    "difference": json_numbers(above.difference.value),
                    "interval": _ends(above.difference),
                    "p": json_numbers(above.p),
                }
            for i, finding in enumerate(self.findings):
                each[finding]["auroc_interval"] = _ends(Band(*(part[:, i] for part in self.spread.auroc)))
        calibration = {"ece": self.ece, "ece_mean": self.ece_of.mean(1), "ece_worst": self.ece_of.max(1)}
        return found | {name: json_numbers(values) for name, values in calibration.items()} | {"per_finding": each}

    def rows(self, form: str = "{} ({})") -> list[tuple[str, list[str]]]:
        """The figures of all findings together as a person reads them: what a row is of, and a cell at each β.

        Args:
            form: of a value and its interval.
        """
        area = self.spread.macro_auroc if self.spread else None
        rows = [("macro AUROC", _cells(self.macro_auroc, area, form))]
        for name, above in self.spread.over.items() if self.spread else ():
            cells = _cells(above.difference.value, above.difference, form, "+")
            alone = [
                "itself" if beta == SOLE_MODALITY_BETA[name] else cell
                for beta, cell in zip(self.betas, cells, strict=True)
            ]
            rows.append((f"above the {name} alone", alone))
            rows.append(("its p", [p_shown(p) for p in above.p]))
        errors = {"calibration error (ECE)": self.ece, "a finding's, mean": self.ece_of.mean(1)}
        errors["a finding's, worst"] = self.ece_of.max(1)
        return rows + [(name, _cells(values)) for name, values in errors.items()]

    def rows_by_finding(self, form: str = "{} ({})") -> list[tuple[str, list[str], list[str]]]:
        """Of each finding its name, its AUROC and its calibration error at each β; see `rows`."""
        bands = zip(*(part.T for part in self.spread.auroc), strict=True) if self.spread else ()
        each = [Band(*band) for band in bands] or [None] * len(self.findings)
        return [
            (finding, _cells(self.auroc[:, i], each[i], form), _cells(self.ece_of[:, i]))
            for i, finding in enumerate(self.findings)
        ]


def evaluate(
    engine: Engine, reference: Reference, studies: tuple[Study, ...], betas: tuple[float, ...] = REPORTED_BETAS
) -> Evaluation:
    """AUROC and calibration of concordant studies at each β.

    Discordant studies are left out: their image and report state different truths, so no one label judges both.
    """
    chosen = tuple(s for s in studies if not s.discordant)
    rows = reference.rows(chosen)
    probabilities = np.stack([probabilities_at(engine, reference, b, rows) for b in betas])
    return evaluation(engine.config, label_matrix(chosen, engine.findings), probabilities, betas)


def evaluate_scored(network: Network, scored: Scored, chose: Bool[np.ndarray, "n"] | None = None) -> Evaluation:
    """The same, with intervals over patients, from what was said of held-out studies already.

    Args:
        chose: the studies that the network's temperature was fitted to; their calibration is cross-fitted.
    """
    calibrated = scored if chose is None else recalibrated(scored, chose, network)
    concordant = scored.concordant()
    said, fitted = (s.concordant().probabilities(network, REPORTED_BETAS) for s in (scored, calibrated))
    labels, patients = concordant.labels(network.config.findings), tuple(s.patient_id for s in concordant.studies)
    found = evaluation(network.config, labels, said, REPORTED_BETAS, fitted)
    return found._replace(spread=_spread(labels, said, patients)) if patients else found


def evaluation(
    config: Config,
    truth: PerFinding,
    probabilities: OverBeta,
    betas: tuple[float, ...],
    calibrated: OverBeta | None = None,
) -> Evaluation:
    """AUROC and calibration of probabilities, given at each β.

    Args:
        calibrated: the probabilities that calibration is measured on, where they are others.
    """
    area = np.array([[auroc(truth[:, i], p[:, i]) for i in range(truth.shape[1])] for p in probabilities])
    single = config.problem_type == SINGLE_LABEL
    calibrated = probabilities if calibrated is None else calibrated
    ece = np.array([expected_calibration_error(truth, p, single) for p in calibrated])
    each = [
        [expected_calibration_error(t[:, None], q[:, None], False) for t, q in zip(truth.T, p.T, strict=True)]
        for p in calibrated
    ]
    return Evaluation(len(truth), tuple(betas), macro(area.T), ece, area, np.array(each), config.findings)


def expected_calibration_error(truth: PerFinding, probabilities: PerFinding, single: bool) -> float:
    """Expected calibration error (Guo et al. 2017) over 15 bins of equal width, in [0, 1]; NaN without a study.

    Multi-label: over every pair of study and finding. Single-label: of the probability of the finding decided for.
    Of one finding alone, as a column, it is the classwise error of Kull et al. (2019).
    """
    if not len(truth):
        return float("nan")
    correct, confidence = of_decided(truth, probabilities) if single else (truth.ravel(), probabilities.ravel())
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    counts = np.bincount(bins, minlength=ECE_BINS)
    gaps = np.bincount(bins, confidence, ECE_BINS) - np.bincount(bins, correct, ECE_BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def of_decided(truth: PerFinding, probabilities: PerFinding) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Of the finding that each study is decided for, the likeliest, whether it has it, and its probability."""
    choice = probabilities.argmax(1)[:, None]
    return np.take_along_axis(truth, choice, 1)[:, 0], np.take_along_axis(probabilities, choice, 1)[:, 0]


def probabilities_at(
    engine: Engine, reference: Reference, beta: float, rows: np.ndarray | slice = slice(None)
) -> PerFinding:
    """Probabilities of reference studies at β, in [0, 1]; of all where no rows are given."""
    return chances(logits_at(engine, reference, beta, rows), engine.config.problem_type)


def auroc(truth: Bool[np.ndarray, "n"] | Float[np.ndarray, "n"], score: Float[np.ndarray, "n"]) -> float:
    """The area under the ROC curve; NaN where none or all of the n cases have the finding."""
    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < len(truth) else float("nan")


def _spread(labels: PerFinding, said: OverBeta, patients: tuple[str, ...]) -> Uncertainty:
    counts = counts_of(patients)
    rows = np.moveaxis(np.stack([aurocs(labels, p, counts) for p in said]), 2, 0)  # resamples, betas, findings
    mean = macro(np.moveaxis(rows, 2, 0))
    sides = [smaller_side(t, patients) for t in labels.T]
    each = [band(rows[:, :, i], side) for i, side in enumerate(sides)]
    return Uncertainty(
        patients=len(set(patients)),
        resamples=len(counts) - 1,
        macro_auroc=band(mean, max(sides)),
        auroc=Band(*(np.stack(part, 1) for part in zip(*each, strict=True))),
        over={
            name: gain(mean - mean[:, [REPORTED_BETAS.index(beta)]], max(sides))
            for name, beta in SOLE_MODALITY_BETA.items()
        },
    )


def _ends(found: Band) -> list[list[float] | None]:
    """The interval at each β; None where there is none."""
    return [
        None if np.isnan(low) else json_numbers([low, high]) for low, high in zip(found.low, found.high, strict=True)
    ]


def _cells(values: Float[np.ndarray, "betas"], found: Band | None = None, form: str = "", sign: str = "") -> list[str]:
    """Values, each with its interval where there are any."""
    cells = [shown(value, sign) for value in values]
    if found is None:
        return cells
    ends = [interval_shown(low, high, sign) for low, high in zip(found.low, found.high, strict=True)]
    defined = ~np.isnan(values)
    return [form.format(cell, end) if yes else cell for cell, end, yes in zip(cells, ends, defined, strict=True)]
