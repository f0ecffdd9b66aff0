"""A checkpoint of a published film classifier and of reports, without a film to train on.

The two meet as decisions (`fusion_level`): at β = 1 the model says what torchxrayvision's classifier says, at β = 0
what a logistic regression on real reports says, and between them the log-odds are blended: a logarithmic opinion pool
(Genest and Zidek, "Combining Probability Distributions", Statistical Science 1986).
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from explain.every_beta.colour_scale import anchor_scales
from model.config import CENTRE, DECISIONS, FEW_STUDIES, Config
from model.errors import WeightsError
from model.evaluation.figures import NOT_DEFINED
from model.evaluation.metrics import auroc
from model.inference.embeddings import pool_studies
from model.inference.engine import Engine
from model.inference.familiarity import FILE as FAMILIARITY
from model.inference.familiarity import Known, KnownStudies, pack
from model.inference.provenance import FILE as PROVENANCE
from model.inference.provenance import Provenance
from model.network import checkpoint
from model.network.encoders.torchxrayvision import classifier_tensors
from model.network.layers import LogOdds
from model.network.network import Network
from model.progress import Progress
from model.storage.weights_cache import fetched_weights
from model.studies.content import contents_of
from model.studies.demo.reports import Report, code_parts
from model.studies.splits import split_of
from model.studies.table import Study, label_matrix
from model.training.report_branch import SILENT, ReportBranch, fit_report_branch
from model.weights.catalogue import Published, published
from model.weights.torchxrayvision_table import read_table

# Findings of the classifiers that are no finding of the demo, by the heads of their codes, with what must follow.
HEADS = {
    "Consolidation": ("consolidation", ""),
    "Fibrosis": ("pulmonary fibrosis", ""),
    "Fracture": ("fractures, bone", ""),
    "Hernia": ("hernia, hiatal", ""),
    "Infiltration": ("infiltrate", ""),
    "Mass": ("mass", "lung"),
    "Pleural_Thickening": ("thickening", "pleura"),
    "Pneumonia": ("pneumonia", ""),
}
CELL_SCALE = 0.25  # logits of a cell in full colour: set by hand, as no film was seen

CARD = Template("""# Model card

Composed, not trained: torchxrayvision's published classifier `$classifier` decides on the film, a logistic regression
on real reports decides on the report, and β blends their log-odds.

| setting | value |
|---|---|
| findings | $findings |
| image | `torchxrayvision/$classifier` ($licence; learnt from $learnt_from), $side² pixels of the film's middle |
| report | `$report_encoder` as it came, and a logistic regression |
| β = 1 | the classifier's own probabilities, each rescaled so that its published threshold is ½ (`op_norm`) |
| made | $made |

## What was trained, and what was measured

**On films: nothing.** No film was seen when this model was made, and nothing is known here of its figures on films.
What its publishers found on theirs says nothing of yours. Colours on films are scaled by hand, and the best β was not
looked for: 0.5 is a convention. There is no alert for film and report that do not belong together, and whether a film
is like those that the classifier learnt from is not known.

**On reports:** $train reports of the Indiana University collection (CC BY-NC-ND 4.0), by the codes that its authors
gave them; $val more chose the regularisation and the temperature ($temperature). Of a report unlike them, as one in
another language, it cannot tell, and says so. Measured on $test others, at β = 0:

| finding | AUROC | reports with it |
|---|---|---|
$rows

$silent## Intended use

Research on how fused models decide, and on how their evidence can be shown. It is not a medical device, it is not for
diagnosis, and it must not guide the care of a patient. The terms of the weights and of what they learnt from hold for
this model, too.
""")


class Composed(NamedTuple):
    """What was made.

    Attributes:
        silent: findings of which reports say nothing: the film alone tells them.
        auroc: of the held-out reports at β = 0; NaN where none or all of them have a finding.
    """

    digest: str
    findings: tuple[str, ...]
    silent: tuple[str, ...]
    auroc: dict[str, float]


def compose(
    classifier: str,
    reports: Sequence[Report],
    out: Path,
    device: torch.device,
    report_encoder: str = "",
    progress: Progress = iter,
) -> Composed:
    """Write a checkpoint of a classifier that was fetched, and of reports.

    Args:
        classifier: its name in the catalogue of published weights.
        reports: with their codes; those that nobody coded are left out.
        report_encoder: as in a config; "" for the packaged one, read as where studies are few.

    Raises:
        WeightsError: the classifier is unknown or was not fetched.
        EncoderError: the report encoder is not on this machine.
        CheckpointError: the folder cannot be written.
    """
    entry, about = published(classifier), read_table(classifier)
    if (folder := fetched_weights(classifier)) is None:
        raise WeightsError(f"{classifier} is not on this machine: `betalens weights fetch {classifier}` first.")
    # The package answers ½ for every film where it has no threshold.
    outputs = enumerate(zip(about.findings, about.thresholds, strict=True))
    known = [i for i, (finding, threshold) in outputs if finding and not math.isnan(threshold)]
    findings = tuple(about.findings[i] for i in known)
    network = Network(_config(classifier, about.side, findings, report_encoder))
    _set_classifier(network, classifier_tensors(folder), known, [about.thresholds[i] for i in known])

    studies = tuple(_study(report, findings) for report in reports if report.is_coded)
    engine = Engine(network, "", device)
    pooled = pool_studies(engine, studies, progress).report
    labels, split = label_matrix(studies, findings), np.array([s.split for s in studies])
    seen = split != "test"
    branch = fit_report_branch(network, pooled[seen], labels[seen], split[seen] == "val")
    learnt_from, chosen_on = ([s for s in studies if s.split == split] for split in ("train", "val"))
    engine.provenance = Provenance.of(contents_of(learnt_from)).with_choice(contents_of(chosen_on))
    network.cell_scale.fill_(CELL_SCALE)
    anchor_scales(engine, tuple(chosen_on), progress)
    measured = _aurocs(engine, pooled[~seen], labels[~seen])
    silent = tuple(f for f, told in zip(findings, branch.learnt, strict=True) if not told)
    composed = Composed("", findings, silent, measured)
    card = _card(network.config, entry, studies, branch, composed)
    files = {checkpoint.CARD_FILE: card.encode(), PROVENANCE: engine.provenance.pack()}
    if known_reports := Known.of(pooled[split == "train"]):
        own = known_reports.against(known_reports.distances(pooled[~seen]))
        files[FAMILIARITY] = pack(KnownStudies({"report": own}, frontal=True))
    return composed._replace(digest=checkpoint.save(network, out, files))


def _config(classifier: str, side: int, findings: tuple[str, ...], report_encoder: str) -> Config:
    """Both encoders as they came; the classifier's sees what it saw at its publisher's."""
    own = {"report_encoder": report_encoder} if report_encoder else {"report_outputs": FEW_STUDIES["report_outputs"]}
    return Config.from_dict(
        own
        | {
            "findings": findings,
            "image_encoder": f"torchxrayvision/{classifier}",
            "image_weights": classifier,
            "image_size": side,
            "image_fit": CENTRE,
            "image_stride": 32,
            "image_frozen_stride": 32,
            "image_channels": 0,
            "report_layers": 0,
            "fusion_level": DECISIONS,
        }
    )


@torch.no_grad()
def _set_classifier(network: Network, tensors: dict, known: list[int], thresholds: list[float]) -> None:
    """Let the image's log-odds be those of the classifier's last layer, for some of its outputs."""
    last = "classifier" if "classifier.weight" in tensors else "fc"
    projection = network.image_projection
    assert isinstance(projection, LogOdds)
    projection.linear.weight.copy_(tensors[f"{last}.weight"][known])
    projection.linear.bias.copy_(tensors[f"{last}.bias"][known])
    projection.threshold.copy_(torch.tensor(thresholds))


def coded_findings(report: Report) -> frozenset[str]:
    """The findings that the codes of a report name, as torchxrayvision calls them."""
    parts = [code_parts(code) for code in report.codes]
    more = {f for f, (head, then) in HEADS.items() if any(p[0] == head and (not then or then in p) for p in parts)}
    return report.findings | more


def _study(report: Report, findings: tuple[str, ...]) -> Study:
    """A report as a study without a film; its patient is known by the report's id, as an import of Open-I has it."""
    labels = coded_findings(report) & set(findings)
    return Study(report.report_id, None, report.text, labels, report.report_id, split_of(report.report_id))


@torch.no_grad()
def _aurocs(
    engine: Engine, pooled: Float[np.ndarray, "n channels"], labels: Float[np.ndarray, "n findings"]
) -> dict[str, float]:
    """Of each finding, by pooled reports alone."""
    log_odds = engine.network.report_projection(torch.from_numpy(pooled).to(engine.device)).cpu().numpy()
    return {f: auroc(*columns) for f, *columns in zip(engine.findings, labels.T, log_odds.T, strict=True)}


def _card(
    config: Config, entry: Published, studies: tuple[Study, ...], branch: ReportBranch, composed: Composed
) -> str:
    tested = [s for s in studies if s.split == "test"]
    with_it = {f: sum(f in s.labels for s in tested) for f in config.findings}
    rows = [
        f"| {f} | {NOT_DEFINED if math.isnan(a) else f'{a:.3f}'} | {with_it[f]} |"
        for f, a in composed.auroc.items()
        if f not in composed.silent
    ]
    silent = ""
    if composed.silent:
        silent = (
            f"Too few reports are coded with {', '.join(composed.silent)} to learn them from: the film alone tells "
            f"them. A report has {1 / (1 + math.exp(-SILENT)):.0%} for each, whatever it says.\n\n"
        )
    return CARD.substitute(
        classifier=entry.name,
        licence=entry.licence,
        learnt_from=entry.learnt_from,
        findings=", ".join(config.findings),
        side=config.image_size,
        report_encoder=config.report_encoder,
        made=datetime.now(UTC).strftime("%Y-%m-%d"),
        temperature=f"{branch.temperature:.2f}",
        rows="\n".join(rows),
        silent=silent,
        **{split: sum(s.split == split for s in studies) for split in ("train", "val", "test")},
    )
