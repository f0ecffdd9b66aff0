"""From a trained network to a checkpoint that can be opened: colour scales, metrics, embeddings, model card."""

from datetime import UTC, datetime
from pathlib import Path
from string import Template

import torch

from explain.anchor import anchor_scales
from explain.atlas import atlas_file
from explain.spaces import Vectors
from model import checkpoint
from model.calibrate import calibrate
from model.data import SPLITS, StudyTable
from model.engine import Engine
from model.errors import ChoiceError
from model.network import Network
from model.reference import Progress, encode_studies
from model.scored import Scored

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
            "where": where,
            "n": evaluation.n,
            "betas": " | ".join(f"{b:g}" for b in evaluation.betas),
            "rule": "---|" * (len(evaluation.betas) - 1) + "---",
            "auroc": cells(result["macro_auroc"]),
            "ece": cells(result["ece"]),
            "rows": "\n".join(f"| {f} | {cells(v['auroc'])} |" for f, v in result["per_finding"].items()),
        }
    )
