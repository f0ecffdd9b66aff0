"""`betalens finetune`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboard.console import Checkpoint, Device, Feedback, Json, Models, Studies, open_table, progress_bar, show

ORDER = 25


def command(
    models: Models = Path("models"),
    feedback: Feedback = "feedback",
    studies: Studies = None,
    checkpoint: Checkpoint = None,
    evidence_weight: Annotated[
        float,
        typer.Option(
            help="Price of evidence where reviewers marked it as wrong, and beside the boxes in which they say that a "
            "finding is; 0: none.",
            min=0,
        ),
    ] = 1.0,
    replay: Annotated[
        float, typer.Option(help="Training studies that are replayed for each corrected one.", min=0)
    ] = 3,
    passes: Annotated[int, typer.Option(help="Passes over the corrected studies.", min=1)] = 60,
    learning_rate: Annotated[float, typer.Option(help="Of projections and head.", min=1e-7, max=1)] = 5e-4,
    encoders: Annotated[
        bool, typer.Option("--encoders", help="Teach the encoders as well, first: minutes to hours instead of seconds.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Promote the new version even if it got worse.")] = False,
    seed: Annotated[int, typer.Option(help="Of every random draw.", min=0)] = 0,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Teach the promoted model what reviewers corrected, measure it before and after, and promote it if not worse.

    Where no version is promoted yet, --checkpoint (or the embedded demo's) becomes the first. Ctrl-C ends the learning
    early; what was learnt is measured, and kept as a version.
    """
    from dashboard.workflows.finetune import finetune_version
    from model.feedback import open_store
    from model.finetuning.finetune import Recipe
    from model.finetuning.versions import Versions, base_version
    from model.inference.engine import Engine

    table, versions = open_table(studies), Versions(models)
    flags = open_store(feedback, table=table).rows()
    recipe = Recipe(passes, replay=replay, learning_rate=learning_rate, evidence_weight=evidence_weight, seed=seed)
    try:
        with versions.exclusive():
            base = Engine.load(versions.path(base_version(versions, checkpoint)), device)
            outcome = finetune_version(versions, base, table, flags, recipe, force, encoders, progress_bar)
    except KeyboardInterrupt:
        typer.echo("Interrupted: no version was made; feedback and versions are as they were.", err=True)
        raise typer.Exit(130) from None
    if json_:
        show(outcome.to_json(), True)
    else:
        typer.echo(as_text(outcome))


def as_text(outcome) -> str:
    """The outcome as one table, and what became of the version."""
    from model.evaluation.figures import NOT_DEFINED
    from model.feedback.corrections import in_words

    lines = [f"{'':34}{'before':>12}{'after':>12}{'change':>12}  95 % interval"]
    for row in outcome.rows:
        change = None if row.before is None or row.after is None else row.after - row.before
        none = "  no interval" if row.paired and change is not None else ""
        interval = none if row.low is None else f"  {row.low:+.4f} … {row.high:+.4f}"
        cells = (NOT_DEFINED if v is None else f"{v:.4f}" for v in (row.before, row.after))
        changed = NOT_DEFINED if change is None else f"{change:+.4f}"
        lines.append(f"{row.name:34}{''.join(f'{cell:>12}' for cell in (*cells, changed))}{interval}")
    learnt = outcome.learnt
    lines.append(
        f"Learnt from {learnt['studies']} corrected studies ({learnt['labels_changed']} labels changed), each with "
        f"{learnt['replay']:g} others; {learnt['not_learnt']} corrected studies taught nothing."
    )
    lines += [f"  {why}." for why in in_words(outcome.untaught, outcome.unknown_findings)]
    if not outcome.complete:
        lines.append("Ctrl-C ended the learning early.")
    lines.append(gate_in_words(outcome.gate))
    if outcome.promoted:
        lines.append(f"Version {outcome.version} is promoted; `betalens versions rollback` goes back.")
    elif not outcome.gate.decided:
        lines.append(
            f"Version {outcome.version} is kept and not promoted: whether it got worse is yours to say; "
            f"`betalens versions promote {outcome.version}` serves it."
        )
    else:
        lines.append(
            f"Version {outcome.version} is kept and not promoted: worse in {', '.join(outcome.worse)}; "
            f"`betalens versions promote {outcome.version}` does it nevertheless."
        )
    return "\n".join(lines)


def gate_in_words(gate) -> str:
    """How much the gate can see."""
    if gate.detectable is None:
        return "Nothing can be measured: neither model has studies with and without a finding that it has not learnt."
    return (
        f"Measured on {gate.patients} patients whom neither model has learnt; a loss of {gate.detectable:.3f} of the "
        "mean AUROC would be seen with a probability of 80 %."
    )
