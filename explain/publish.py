"""From a trained network to a checkpoint that can be opened: colour scales, metrics, embeddings, model card."""

import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import torch

from explain.cohort.atlas import atlas_file
from explain.cohort.spaces import Vectors
from explain.every_beta.colour_scale import anchor_scales
from explain.every_beta.discordance import alert_figures, calibrate_alert
from model.errors import ChoiceError
from model.evaluation.familiarity import MeasuredFamiliarity, measure_familiarity
from model.evaluation.figures import NOT_DEFINED
from model.evaluation.held_out import HeldOutPredictions, answered, predict_held_out
from model.evaluation.metrics import Evaluation, evaluate_scored
from model.inference.array_cache import pack_arrays
from model.inference.embeddings import REFERENCE, PooledStudies, Reference, encode_studies, pool_studies
from model.inference.engine import Engine
from model.inference.familiarity import FILE as FAMILIARITY
from model.inference.familiarity import NAMES, pack
from model.inference.predictions import Scored
from model.inference.provenance import FILE as PROVENANCE
from model.inference.provenance import Provenance
from model.network import checkpoint
from model.network.network import Network
from model.progress import Progress
from model.studies.content import contents_of
from model.studies.table import SPLITS, Study, StudyTable
from model.training.calibration import calibrate

EVALUATION = "evaluation.json"
CARD_HEAD, CARD_TABLE = "# Model card\n\n", "\n\n| setting | value |\n"
CARD = Template(
    f"{CARD_HEAD}$summary{CARD_TABLE}"
    """|---|---|
| trained on | $table ($counts) |
| findings | $findings |
| image encoder | `$image_encoder`, $image_size² pixels, a map cell of $image_stride pixels |
| report encoder | `$report_encoder`, ${read}last $report_layers layers trained, up to $max_tokens word pieces |
| fusion | $fusion, width $width, α = $alpha, β drawn per sample in training |
| decision | $problem_type |
| made | $made |

## Measured $where ($n studies of $patients patients that are not discordant)

| β (weight of the image) | $betas |
|---|$rule|
$overall

In brackets 95 % intervals over patients; p is two-sided.

AUROC of each finding:

| finding | $betas |
|---|$rule|
$rows

## Cases of which it cannot tell

$familiarity

## The alert for film and report that do not belong together

$alert

$notes## Intended use

Research on how fused models decide, and on how their evidence can be shown. It is not a medical device and must not
guide the care of a patient. Its probabilities say what this model makes of its inputs, no more.
"""
)


def publish(
    network: Network,
    table: StudyTable,
    folder: Path,
    device: torch.device,
    summary: str,
    provenance: Provenance,
    half: bool = False,
    progress: Progress = iter,
    out_of_fold: Scored | None = None,
) -> str:
    """Measure a trained network on its table and write its checkpoint.

    Args:
        summary: the first paragraph of the model card.
        provenance: what it learnt from.
        half: store the weights in 16 bits; the network is rounded before it is measured.
        out_of_fold: what the networks of its folds said of the studies of `provenance`, without a temperature.

    Returns:
        The model's digest.
    """
    if half:
        checkpoint.round_to_half(network)
    engine = Engine(network, "", device, provenance=provenance)
    pooled = pool_studies(engine, table.studies, progress)
    reference = pooled.embedded(engine)
    # First of all, because it scales the logits that everything else is measured in.
    if out_of_fold:
        calibrate(network, out_of_fold)
        engine.provenance = answered(provenance, out_of_fold, network)
        held_out = out_of_fold.studies
    else:
        _, judged = _first_judged(engine, table, reference, "val", "test")
        calibrate(network, judged.scored)
        held_out = judged.scored.studies or table.studies
        engine.provenance = provenance.with_choice(contents_of(judged.scored.studies))
    anchor_scales(engine, held_out, progress)
    extra = {}
    if table.about:  # so that the demo's atlas opens at once; others are fitted when they are first looked at
        extra |= atlas_file(Vectors(engine, reference), table, progress)
    return write(engine, table, pooled, folder, summary, half, extra, progress)


def write(
    engine: Engine,
    table: StudyTable,
    pooled: PooledStudies,
    folder: Path,
    summary: str,
    half: bool = False,
    extra: dict[str, bytes] | None = None,
    progress: Progress = iter,
) -> str:
    """Measure a model that is calibrated and whose colour scales are set; write its checkpoint, with its provenance.

    Args:
        engine: with the provenance that its network has.
        pooled: the vectors of the table's studies.
        extra: further files by name.

    Returns:
        The model's digest.
    """
    network, reference = engine.network, pooled.embedded(engine)
    calibrate_alert(network, _first_judged(engine, table, reference, *_splits(engine)[::-1])[1].scored)
    if half:
        checkpoint.round_to_half(network)
    files = {f"{REFERENCE}.safetensors": pack_arrays(reference.arrays(), table)} | (extra or {})
    files |= figures(engine, table, reference, summary, measure_familiarity(engine, table, pooled, progress))
    if engine.provenance is not None:
        files[PROVENANCE] = engine.provenance.pack()
    return checkpoint.save(network, folder, files, half)


def figures(
    engine: Engine,
    table: StudyTable,
    reference: Reference,
    summary: str,
    familiarity: MeasuredFamiliarity | None = None,
) -> dict[str, bytes]:
    """What a checkpoint says of itself, by the names of its files: the model card to read, EVALUATION for programs, and
    what the studies are like that it has learnt from.

    Args:
        reference: the embeddings of the table's studies.
        summary: the first paragraph of the card.
        familiarity: measured on these studies; None where it is not kept.
    """
    split, judged = _first_judged(engine, table, reference, *_splits(engine))
    measured = evaluate_scored(engine.network, judged.scored, judged.chose)
    alert = alert_figures(engine.network, judged.scored, judged.fitted_alert)
    where = {"all": "by cross-validation", None: "nowhere: the model has learnt every study"}
    where = where.get(split, f"on the {split} split")
    plain = {"split": "out of fold" if split == "all" else split, **measured.to_json(), "alert": alert}
    files = {}
    if familiarity is not None:
        plain["familiarity"] = familiarity.figures(table.studies)
        files[FAMILIARITY] = pack(familiarity.known)
    return files | {
        checkpoint.CARD_FILE: _card(engine.network, table, where, measured, plain, summary).encode(),
        EVALUATION: (json.dumps(plain, indent=1) + "\n").encode(),
    }


def summary_of(card: str) -> str:
    """The first paragraphs of a model card, as `figures` was given them."""
    return card.removeprefix(CARD_HEAD).partition(CARD_TABLE)[0]


def worth_of_alert(engine: Engine, finding: str) -> dict[str, Any] | None:
    """How often the alert of a checkpoint is right, and how often it is false where a study has the finding, as
    `alert_figures` measured it when the checkpoint was made; None where that was not, or cannot be read now."""
    if engine.folder is None:
        return None
    try:
        found = json.loads((engine.folder / EVALUATION).read_bytes())["alert"]
        shared = {name: found[name] for name in ("n", "prevalence", "precision")}
        return shared | {"false_alarms": found["false_alarms"][finding], "n_of": found["n_of"][finding]}
    except (OSError, ValueError, KeyError, TypeError):  # of a version before it was measured, or written by hand
        return None


def _splits(engine: Engine) -> tuple[str, ...]:
    """What a model is measured on, the first that can be; it is calibrated on the last."""
    return ("all",) if engine.provenance is not None and engine.provenance.folds else ("test", "val")


def _first_judged(
    engine: Engine, table: StudyTable, reference: Reference, *splits: str
) -> tuple[str | None, HeldOutPredictions]:
    """What is said of the first of some splits that has studies which can be judged, and its name; of no study, and
    None, where there is none."""

    def encode(network: Engine, some: tuple[Study, ...]) -> Reference:
        return reference if network is engine else encode_studies(network, some)

    for name in splits:
        try:
            return name, predict_held_out(engine, table, table.of_split(name), encode)
        except ChoiceError:
            continue
    return None, predict_held_out(engine, table, (), encode)


def _notes(network: Network, table: StudyTable) -> list[str]:
    """What a reader of the figures must know of what they were measured on."""
    notes = []
    for name, lack in (("report", "image"), ("image", "report")):
        parts = (s.report.strip() if name == "report" else s.image for s in table.studies)
        if count := sum(not part for part in parts):
            notes.append(
                f"{count} of {len(table.studies)} studies have no {name}: at every β they are judged by the {lack}."
            )
    if table.about and network.config.mask_weight:
        notes.append(
            "The feature map was trained on outlines of the findings (`mask_weight`): what is measured against them "
            "says that it looks where it was taught to, not that class activation maps do."
        )
    return notes


def _alert(network: Network, alert: dict[str, Any] | None) -> str:
    """What the alert is worth, in words and by finding."""
    if not network.discord_slope:
        return "This model raises none: its validation studies did not surely tell which pairs belong together."
    if alert is None:
        return "It could not be measured: there are no studies with both film and report that the model has not learnt."

    def share(name: str, of: dict[str, Any] = alert) -> str:
        return NOT_DEFINED if of[name] is None else f"{of[name]:.0%}"

    kind = {"discordant": "discordant studies", "swapped": "films shown with another study's report"}[alert["against"]]
    together = alert["n"] - alert["n_apart"]
    return f"""It is raised for {share("raised_discordant")} of {alert["n_apart"]} {kind}, and falsely for
{share("raised_concordant")} of {together} studies whose film and report belong together. Where
{share("prevalence")} do not belong together, as here, {share("precision")} of its alerts are right.

| studies with | false alarms | of |
|---|---|---|
""" + "\n".join(f"| {f} | {share(f, alert['false_alarms'])} | {n} |" for f, n in alert["n_of"].items())


_JUDGED = {
    "test": "studies of split test, each measured against those of other patients",
    "held_out": "such studies, each measured against those of other patients",
}


def _familiarity(figures: dict[str, Any] | None) -> str:
    """Of which cases the model declines to tell, and of how many."""
    if figures is None:
        return "Whether a film or a report is like those it learnt from was not measured: it tells of every case."
    counts = " and ".join(f"{n} {NAMES[modality]}s" for modality, n in figures["held_out"].items())
    said = (
        f"It says so where the conformal p-value of film or report, against {counts} of studies that it has not learnt "
        f"from, is below {figures['level']:g} over the number of modalities that the case has."
    )
    if figures["stopped"] is None:
        return f"{said} No such study was there to measure that on."
    return f"{said} That is so of {figures['stopped']:.1%} of {figures['n']} {_JUDGED[figures['of']]}."


def _card(
    network: Network, table: StudyTable, where: str, measured: Evaluation, kept: dict[str, Any], summary: str
) -> str:
    def as_lines(rows) -> str:
        return "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells, *_ in rows)

    outputs = network.config.report_outputs
    config = {name: getattr(network.config, name) for name in network.config.__dataclass_fields__}
    counts = ", ".join(f"{n} {s}" for s in SPLITS if (n := sum(x.split == s for x in table.studies)))
    return CARD.substitute(
        config
        | {
            "summary": summary,
            "table": table.name,
            "counts": counts,
            "findings": ", ".join(network.config.findings),
            "made": datetime.now(UTC).strftime("%Y-%m-%d"),
            "where": where,
            "notes": "".join(f"{note}\n\n" for note in _notes(network, table)),
            "read": f"layers {', '.join(map(str, outputs))} read side by side, " if outputs else "",
            "n": measured.n,
            "patients": measured.spread.patients if measured.spread else 0,
            "betas": " | ".join(f"{b:g}" for b in measured.betas),
            "rule": "---|" * (len(measured.betas) - 1) + "---",
            "overall": as_lines(measured.rows()),
            "rows": as_lines(measured.rows_by_finding()),
            "familiarity": _familiarity(kept.get("familiarity")),
            "alert": _alert(network, kept["alert"]),
        }
    )
