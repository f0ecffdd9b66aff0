"""From a trained network to a checkpoint that can be opened: colour scales, metrics, embeddings, model card."""

import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import torch

from explain.anchor import anchor_scales
from explain.atlas import atlas_file
from explain.discordance import calibrate as calibrate_alert
from explain.spaces import Vectors
from model import checkpoint
from model.calibrate import calibrate
from model.data import SPLITS, StudyTable
from model.engine import Engine
from model.errors import ChoiceError
from model.evaluate import evaluate, evaluate_scored
from model.kept import pack_arrays
from model.network import Network
from model.reference import NAME as reference_name
from model.reference import Progress, Reference, encode_studies
from model.scored import NAME as out_of_fold_name
from model.scored import Scored, score

CARD = Template("""# Model card

$summary

| | |
|---|---|
| trained on | $table ($counts) |
| findings | $findings |
| image encoder | `$image_encoder`, $image_size² pixels, a map cell of $image_stride pixels |
| report encoder | `$report_encoder`, ${read}last $report_layers layers trained, up to $max_tokens word pieces |
| fusion | $fusion, width $width, α = $alpha, β drawn per sample in training |
| decision | $problem_type |
| made | $made |

## Measured $where ($n studies that are not discordant)

| β (weight of the image) | $betas |
|---|$rule|
| macro AUROC | $auroc |
| expected calibration error | $ece |

AUROC of each finding:

| finding | $betas |
|---|$rule|
$rows

## Intended use

Research on how fused models decide, and on how their evidence can be shown. It is not a medical device and must not
guide the care of a patient. Its probabilities say what this model makes of its inputs, no more.
""")


def publish(
    network: Network,
    table: StudyTable,
    folder: Path,
    device: torch.device,
    summary: str,
    half: bool = False,
    progress: Progress = iter,
    out_of_fold: Scored | None = None,
) -> str:
    """Measure a trained network on its table and write its checkpoint.

    Args:
        summary: the first paragraph of the model card.
        half: store the weights in 16 bits; the network is rounded before it is measured.
        out_of_fold: what others like it said of studies that they had not seen, where the network itself saw all.

    Returns:
        The model's digest.
    """
    if half:
        checkpoint.round_to_half(network)
    engine = Engine(network, "", device)
    reference = encode_studies(engine, table.studies, progress)
    held_out = out_of_fold or _held_out(engine, table, reference)
    # First of all, because it scales the logits that everything else is measured in.
    calibrate(network, held_out)
    anchor_scales(engine, held_out.studies, progress)
    extra = {}
    if table.is_demo:  # so that its atlas opens at once; others are fitted when they are first looked at
        extra |= atlas_file(Vectors(engine, reference), table, progress)
    return write(engine, table, reference, folder, summary, half, extra, out_of_fold)


def write(
    engine: Engine,
    table: StudyTable,
    reference: Reference,
    folder: Path,
    summary: str,
    half: bool = False,
    extra: dict[str, bytes] | None = None,
    out_of_fold: Scored | None = None,
) -> str:
    """Measure a model that is calibrated and whose colour scales are set, and write its checkpoint.

    Args:
        reference: the embeddings of the table's studies.
        extra: further files by name.
        out_of_fold: see `publish`.

    Returns:
        The model's digest.
    """
    network = engine.network
    calibrate_alert(network, out_of_fold or _held_out(engine, table, reference))
    if half:
        checkpoint.round_to_half(network)
    files = {f"{reference_name}.safetensors": pack_arrays(reference.arrays(), table)} | (extra or {})
    if out_of_fold:
        split, where, evaluation = "out of fold", "by cross-validation", evaluate_scored(network, out_of_fold)
        files[f"{out_of_fold_name}.safetensors"] = pack_arrays(out_of_fold.arrays(table), table)
    else:
        split, studies = _first_split(table, "test", "val", "train")
        where, evaluation = f"on the {split} split", evaluate(engine, reference, studies)
    files["MODEL_CARD.md"] = _card(network, table, where, evaluation, summary).encode()
    files["evaluation.json"] = (json.dumps({"split": split, **evaluation.to_json()}, indent=1) + "\n").encode()
    return checkpoint.save(network, folder, files, half)


def _held_out(engine: Engine, table: StudyTable, reference: Reference) -> Scored:
    return score(engine, reference, _first_split(table, "val", "test", "train")[1])


def _first_split(table: StudyTable, *names: str):
    for name in names:
        try:
            return name, table.of_split(name)
        except ChoiceError:
            continue
    return "all", table.studies


def _card(network: Network, table: StudyTable, where: str, evaluation, summary: str) -> str:
    def cells(values) -> str:
        return " | ".join("–" if v is None else f"{v:.3f}" for v in values)

    result, outputs = evaluation.to_json(), network.config.report_outputs
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
            "read": f"layers {', '.join(map(str, outputs))} read side by side, " if outputs else "",
            "n": evaluation.n,
            "betas": " | ".join(f"{b:g}" for b in evaluation.betas),
            "rule": "---|" * (len(evaluation.betas) - 1) + "---",
            "auroc": cells(result["macro_auroc"]),
            "ece": cells(result["ece"]),
            "rows": "\n".join(f"| {f} | {cells(v['auroc'])} |" for f, v in result["per_finding"].items()),
        }
    )
