"""Feedback in, a new version of the model out: learnt, measured beside the old one, and promoted if it is not worse."""

from dataclasses import asdict
from typing import Any, NamedTuple

from dashboard.workflows.purge import study_digest
from explain import INSTANT
from explain.publish import write
from explain.trust.evaluate import measure_explanations
from explain.trust.over_cases import numbers
from model.errors import ChoiceError, StudyTableError
from model.evaluation.bootstrap import Band, macro
from model.evaluation.compare_versions import GATE_BETAS, VersionComparison, compare_scored, share_as_corrected
from model.evaluation.figures import json_numbers
from model.evaluation.held_out import Encode, answered, predict_held_out
from model.feedback import Flag, standing
from model.feedback.corrections import Correction, Untaught, corrections, relabelled, unknown_findings, untaught
from model.finetuning.finetune import Recipe
from model.finetuning.folds import teach
from model.finetuning.label_noise import mistakes
from model.finetuning.versions import LEARNT, Versions
from model.inference.embeddings import load_pooled
from model.inference.engine import Engine
from model.inference.predictions import Scored, score
from model.progress import Progress, ProgressOf
from model.studies.content import contents_of
from model.studies.finding_names import named_for
from model.studies.table import Study, StudyTable
from model.training.calibration import calibrate

TRUST_CASES = 24  # of each modality, against the truth
UNTRUE_CASES = 4  # where no truth is known: the other tests take seconds each
SUMMARY = "A fused image-and-report model, fine-tuned on reviewers' corrections with `betalens finetune`."


class ComparisonRow(NamedTuple):
    """A figure before and after, and the 95 % interval of its change where it has one. None where it is undefined."""

    name: str
    before: float | None
    after: float | None
    low: float | None = None
    high: float | None = None
    paired: bool = False  # an interval was asked for; there is none where no patient makes a difference


class Gate(NamedTuple):
    """How sure it is that nothing got worse."""

    patients: int  # held out of both models
    detectable: float | None  # the least loss of AUROC that would be seen, see `compare_versions.VersionComparison`
    decided: bool  # False: too few to tell, so that a person promotes the version or does not


class FinetuneResult(NamedTuple):
    """What came of a fine-tuning."""

    version: str
    parent: str
    promoted: bool
    worse: tuple[str, ...]  # what got worse beyond the interval
    gate: Gate
    complete: bool  # False after Ctrl-C
    learnt: dict[str, Any]
    rows: tuple[ComparisonRow, ...]
    untaught: tuple[Untaught, ...]  # who asked is told; what is kept of a version names no study
    unknown_findings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        lists = {"rows": [row._asdict() for row in self.rows], "untaught": [s._asdict() for s in self.untaught]}
        return self._asdict() | {"gate": self.gate._asdict()} | lists


def finetune_version(
    versions: Versions,
    base: Engine,
    table: StudyTable,
    flags: list[Flag],
    recipe: Recipe,
    force: bool = False,
    encoders: bool = False,
    progress_for: ProgressOf = lambda name: iter,
) -> FinetuneResult:
    """Fine-tune the base on what reviewers said of studies in split train, and make a version of the result.

    Verdicts on other studies teach nothing: those on validation studies correct the labels that both models are
    measured with. Of a cross-validated model the networks of its folds learn as well, each but what its fold held out,
    and both versions are measured on all studies by those that have not seen them. What cannot be measured, or on too
    few patients to tell, a person decides: it is not promoted. The colour scales stay those of the base, so that maps
    of both compare.

    Args:
        force: promote it even if it got worse.
        encoders: teach those as well, first.
        progress_for: is asked for a progress bar for each part of the work; what that raises ends all of it, without a
            version.

    Raises:
        StudyTableError: the table lacks split train or val, or names a finding that the model does not know.
        TrainingError: there is nothing to learn, or the learning failed.
        CheckpointError: the version cannot be written.
        KeyboardInterrupt: Ctrl-C at another time than while it learns; no version is made.
    """
    table = named_for(table, base.config)
    corrected, taught = corrections_taught(base, table, flags)
    train, validation = (_split(table, name) for name in ("train", "val"))
    new = teach(base, train, table, taught, recipe, encoders, progress_for)
    start, data = new.engine, new.finetune_dataset
    assert start.provenance is not None  # `teach` says what it has learnt
    held_out = relabelled(validation, corrected)
    if start.provenance.folds:  # all of them are held out by one network or another
        of_test = tuple(s for s in table.studies if s.split == "test" and not s.discordant)
        held_out += relabelled(train, corrected) + of_test

    pooled = load_pooled(start, table)
    _calibrate(start, table, held_out)
    before, after = _judged(base, start, table, held_out)
    comparison = compare_scored(start.network, before, after) if after.studies else None
    rows = (
        *_measured(comparison),
        *_as_corrected(base, start, table, taught, before, after, corrected),
        *_trusted(base, start, table, progress_for("testing")),
    )
    wrong = mistakes(data.table, data.labels, data.judged)
    nothing = untaught(corrected, taught, table)
    learnt = {
        "studies": int(data.judged.any(1).sum()),
        "labels": int(data.judged.sum()),
        "labels_changed": int((data.judged & (data.table != data.labels)).sum()),
        "replay": recipe.replay,
        "marked_studies": len(new.marks),
        "not_learnt": len(nothing),
        "ties": sum(len(c.tied) for c in taught.values()),
        "wrong_in_table": {f: round(float(r), 3) for f, r in zip(base.findings, wrong.of_table, strict=True) if r > 0},
        "wrong_by_reviewers": round(wrong.of_reviewers, 3),
    }
    parent = base.folder.name if base.folder else ""
    worse = comparison.worse() if comparison else ()
    gate = Gate(
        patients=comparison.patients if comparison else 0,
        detectable=json_numbers(comparison.detectable) if comparison else None,
        decided=bool(worse) or bool(comparison and comparison.decides()),
    )
    origin = {"parent": parent, "how": "fine-tuned", "recipe": asdict(recipe), "encoders": encoders}
    known = {s.study_id for s in (*train, *held_out)}
    origin[LEARNT] = {
        "flags": [flag.flag_id for flag in standing(flags) if flag.study_id in known],
        "studies": sorted(map(study_digest, known)),
    }
    origin |= {"learnt": learnt, "worse": worse, "gate": gate._asdict(), "rows": [row._asdict() for row in rows]}
    name = versions.add(lambda made: write(start, table, pooled, made, _summary(parent, learnt)), origin)
    promoted = force or (gate.decided and not worse)
    if promoted:
        versions.promote(name)
    unknown = unknown_findings(flags, base.findings)
    return FinetuneResult(name, parent, promoted, worse, gate, new.complete, learnt, rows, nothing, unknown)


def corrections_taught(
    base: Engine, table: StudyTable, flags: list[Flag]
) -> tuple[dict[str, Correction], dict[str, Correction]]:
    """What reviewers say of each study, by its id; and of that, what fine-tuning would learn: of training studies.

    Raises:
        StudyTableError: the table lacks split train.
    """
    corrected = corrections(flags, base.findings, base.config.problem_type)
    train = _split(table, "train")
    return corrected, {s.study_id: corrected[s.study_id] for s in train if s.study_id in corrected}


def _calibrate(start: Engine, table: StudyTable, held_out: tuple[Study, ...]) -> None:
    """Fit the temperatures that `teach` left out: of each fold by what the others hold out, of the model by all."""
    try:
        raw = predict_held_out(start, table, held_out, _pooled_of(table)).scored
    except ChoiceError:  # it has learnt them all
        return
    calibrate(start.network, raw)
    assert start.provenance is not None
    if start.provenance.folds:
        start.provenance = answered(start.provenance, raw, start.network)
    else:
        start.provenance = start.provenance.with_choice(contents_of(raw.studies))


def _judged(base: Engine, start: Engine, table: StudyTable, held_out: tuple[Study, ...]) -> tuple[Scored, Scored]:
    """What is said before and after of the studies that both can be measured on."""
    try:
        before, after = (predict_held_out(engine, table, held_out, _pooled_of(table)) for engine in (base, start))
    except ChoiceError:
        none = predict_held_out(base, table, ()).scored
        return none, none
    both = before.keep & after.keep
    return before.scored.where(both[before.keep]), after.scored.where(both[after.keep])


def _pooled_of(table: StudyTable) -> Encode:
    """Embeddings from pooled vectors, which the networks of a model's folds mostly share with it."""
    return lambda engine, some: load_pooled(engine, table).embedded(engine)


def _split(table: StudyTable, name: str) -> tuple[Study, ...]:
    """Discordant studies are left out: no one label is true of both their parts."""
    try:
        return tuple(s for s in table.of_split(name) if not s.discordant)
    except ChoiceError as error:
        raise StudyTableError(f"{table.name} has no study in split {name}, which fine-tuning needs.") from error


def _measured(comparison: VersionComparison | None) -> list[ComparisonRow]:
    if comparison is None:
        return [ComparisonRow("auroc", None, None)]
    before, after = comparison.before, comparison.after
    overall, overall_after = (float(macro(e.macro_auroc[:, None])[0]) for e in (before, after))
    rows = [ComparisonRow("auroc", overall, overall_after, *_ends(comparison.macro))]
    rows += [
        ComparisonRow(f"auroc|β={b:g}", *pair)
        for b, *pair in zip(GATE_BETAS, before.macro_auroc, after.macro_auroc, strict=True)
    ]
    rows += [ComparisonRow(f"ece|β={b:g}", *pair) for b, *pair in zip(GATE_BETAS, before.ece, after.ece, strict=True)]
    for i, (finding, change) in enumerate(comparison.per_finding.items()):
        rows.append(
            ComparisonRow(f"auroc|{finding}", before.auroc[:, i].mean(), after.auroc[:, i].mean(), *_ends(change))
        )
    return [
        row._replace(**{side: json_numbers(getattr(row, side)) for side in ("before", "after", "low", "high")})
        for row in rows
    ]


def _ends(change: Band) -> tuple[float, float, bool]:
    """Of an interval, and that it was asked for."""
    return float(change.low), float(change.high), True


def _as_corrected(
    base: Engine,
    start: Engine,
    table: StudyTable,
    taught: dict[str, Correction],
    before: Scored,
    after: Scored,
    corrected: dict[str, Correction],
) -> list[ComparisonRow]:
    """Of what it learnt, what the models themselves decide; of other studies, what was said of them held out."""
    known = tuple(s for s in table.studies if s.study_id in taught)
    itself = (score(engine, load_pooled(engine, table).embedded(engine), known) for engine in (base, start))
    rest = {k: v for k, v in corrected.items() if k not in taught}
    rows = []
    for name, some, pair in (("learnt", taught, itself), ("others", rest, (before, after))):
        shares = [share_as_corrected(base.network, scored, some, base.default_beta) for scored in pair]
        rows += [ComparisonRow(f"as_corrected|{name}", *map(json_numbers, shares))] if shares[0] is not None else []
    return rows


def _trusted(base: Engine, start: Engine, table: StudyTable, progress: Progress) -> list[ComparisonRow]:
    """The tests of what is shown at once, on validation studies."""
    names, cases = {m: (name,) for m, name in INSTANT.items()}, TRUST_CASES if table.about else UNTRUE_CASES
    try:
        found = [
            measure_explanations(
                engine, table, "val", names, cases, table.about is not None, progress, _pooled_of(table)
            )
            for engine in (base, start)
        ]
    except ChoiceError:  # one of them has learnt them all
        return []
    if any("interrupted" in result for result in found):
        raise KeyboardInterrupt
    rows = []
    for modality, (name,) in names.items():
        old, new = (numbers(result[modality][name]) for result in found)
        rows += [ComparisonRow(f"{figure}|{name}", old[figure], new[figure]) for figure in old if figure in new]
    return rows


def _summary(parent: str, learnt: dict[str, Any]) -> str:
    return f"{SUMMARY}\n\nIt came from version {parent} and learnt from {learnt['studies']} corrected studies."
