"""From a trained network to a checkpoint that can be opened: colour scales, metrics, embeddings, model card."""

import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import torch

from explain.anchor import anchor_scales
from explain.atlas import atlas_file
from explain.discordance import calibrate
from explain.spaces import Vectors
from model import checkpoint
from model.data import SPLITS, StudyTable
from model.engine import Engine
from model.errors import ChoiceError
from model.evaluate import evaluate
from model.kept import pack_arrays
from model.network import Network
from model.reference import NAME as reference_name
from model.reference import Progress, encode_studies

CARD = Template("""# Model card

$summary

| | |
|---|---|
| trained on | $table ($counts) |
| findings | $findings |
| image encoder | `$image_encoder`, $image_size² pixels, a map cell of $image_stride pixels |
| report encoder | `$report_encoder`, last $report_layers layers trained, up to $max_tokens word pieces |
| fusion | $fusion, width $width, α = $alpha, β drawn per sample in training |
| decision | $problem_type |
| made | $made |

## Measured on the $split split ($n studies that are not discordant)

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
) -> str:
    """Measure a trained network on its table and write its checkpoint.

    Args:
        summary: the first paragraph of the model card.
        half: store the weights in 16 bits; the network is rounded before it is measured.

    Returns:
        The model's digest.
    """
    if half:
        checkpoint.round_to_half(network)
    engine = Engine(network, "", device)
    held_out = _first_split(table, "val", "test", "train")[1]
    anchor_scales(engine, held_out, progress)
    reference = encode_studies(engine, table.studies, progress)
    calibrate(engine, reference, held_out)
    if half:
        checkpoint.round_to_half(network)
    split, studies = _first_split(table, "test", "val", "train")
    evaluation = evaluate(engine, reference, studies)
    extra = {
        "MODEL_CARD.md": _card(network, table, split, evaluation, summary).encode(),
        "evaluation.json": (json.dumps({"split": split, **evaluation.to_json()}, indent=1) + "\n").encode(),
        f"{reference_name}.safetensors": pack_arrays(reference.arrays(), table),
    }
    if table.is_demo:  # so that its atlas opens at once; others are fitted when they are first looked at
        extra |= atlas_file(Vectors(engine, reference), table, progress)
    return checkpoint.save(network, folder, extra, half)


def _first_split(table: StudyTable, *names: str):
    for name in names:
        try:
            return name, table.of_split(name)
        except ChoiceError:
            continue
    return "all", table.studies


def _card(network: Network, table: StudyTable, split: str, evaluation, summary: str) -> str:
    def cells(values) -> str:
        return " | ".join("–" if v is None else f"{v:.3f}" for v in values)

    result = evaluation.to_json()
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
            "split": split,
            "n": evaluation.n,
            "betas": " | ".join(f"{b:g}" for b in evaluation.betas),
            "rule": "---|" * (len(evaluation.betas) - 1) + "---",
            "auroc": cells(result["macro_auroc"]),
            "ece": cells(result["ece"]),
            "rows": "\n".join(f"| {f} | {cells(v['auroc'])} |" for f, v in result["per_finding"].items()),
        }
    )
