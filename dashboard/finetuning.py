"""Feedback in, a new version of the model out: learnt, measured beside the old one, and promoted if it is not worse."""

import copy
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from explain import INSTANT
from explain.publish import write
from explain.trust import measure
from model.before_after import BETAS, Comparison, Model, compare, share_as_corrected
from model.calibrate import calibrate
from model.corrections import corrections, relabelled
from model.data import Study, StudyTable
from model.engine import Engine
from model.errors import ChoiceError, StudyTableError
from model.feedback import Flag
from model.finetune import Recipe, finetune, lessons
from model.finetune_encoders import teach_encoders
from model.marks import read_marks
from model.noise import mistakes
from model.pooled import load_pooled
from model.reference import Progress
from model.scored import score
from model.versions import Versions

TRUST_CASES = 24  # of each modality, against the truth
UNTRUE_CASES = 4  # where no truth is known: the other tests take seconds each
SUMMARY = "A fused image-and-report model, fine-tuned on reviewers' corrections with `betalens finetune`."

Told = Callable[[str], Progress]  # from the name of a part of the work to what wraps its loop


class Row(NamedTuple):
    """A figure before and after, and the 95 % interval of its change where it has one. None where it is undefined."""

    name: str
    before: float | None
    after: float | None
    low: float | None = None
    high: float | None = None


class Outcome(NamedTuple):
    """What came of a fine-tuning."""

    version: str
    parent: str
    promoted: bool
    worse: tuple[str, ...]  # what got worse beyond the interval
    complete: bool  # False after Ctrl-C
    learnt: dict[str, Any]
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict() | {"rows": [row._asdict() for row in self.rows]}


def finetune_version(
    versions: Versions,
    base: Engine,
    table: StudyTable,
    flags: list[Flag],
    recipe: Recipe,
    force: bool = False,
    encoders: bool = False,
    told: Told = lambda name: iter,
) -> Outcome:
    """Fine-tune the base on what reviewers said of studies in split train, and make a version of the result.

    Verdicts on other studies teach nothing: those on validation studies correct the labels that both models are
    measured with. The colour scales stay those of the base, so that maps of both compare.

    Args:
        force: promote it even if it got worse.
        encoders: teach those as well, first.
        told: is asked for a progress bar for each part of the work.

    Raises:
        StudyTableError: the table lacks split train or val.
        TrainingError: there is nothing to learn, or the learning failed.
        CheckpointError: the version cannot be written.
        KeyboardInterrupt: Ctrl-C at another time than while it learns; no version is made.
    """
    corrected = corrections(flags, base.findings, base.config.problem_type)
    train, validation = (_split(table, name) for name in ("train", "val"))
    held_out = relabelled(validation, corrected)
    pooled = load_pooled(base, table, told("encode"))
    before = Model(base, pooled.embedded(base))
    taught = {s.study_id: corrected[s.study_id] for s in train if s.study_id in corrected}
    if encoders:
        start = teach_encoders(base, train, held_out, taught, recipe.replay, told("read"))
        pooled = load_pooled(start, table, told("encode"))
    else:
        start = Engine(copy.deepcopy(base.network), "", base.device)
    data = lessons(base.findings, train, pooled, taught)
    marks = read_marks(start, table, taught.values()) if recipe.evidence_weight else None
    complete = finetune(start.network, data, recipe, marks, told("learn"))

    after = Model(start, pooled.embedded(start))
    calibrate(start.network, score(start, after.reference, held_out))
    comparison = compare(before, after, held_out)
    rows = (
        *_measured(comparison),
        *_as_corrected(before, after, table, taught, corrected),
        *_trusted(before, after, table, told("trust")),
    )
    wrong = mistakes(data.table, data.labels, data.judged)
    learnt = {
        "studies": int(data.judged.any(1).sum()),
        "labels": int(data.judged.sum()),
        "labels_changed": int((data.judged & (data.table != data.labels)).sum()),
        "replay": recipe.replay,
        "marked_studies": len(marks.marks) if marks else 0,
        "not_learnt": len(corrected.keys() - taught.keys()),
        "ties": sum(len(c.tied) for c in taught.values()),
        "wrong_in_table": {f: round(float(r), 3) for f, r in zip(base.findings, wrong.of_table, strict=True) if r > 0},
        "wrong_by_reviewers": round(wrong.of_reviewers, 3),
    }
    parent = base.folder.name if base.folder else ""
    worse = comparison.worse()
    origin = {"parent": parent, "how": "fine-tuned", "recipe": asdict(recipe), "encoders": encoders}
    origin |= {"learnt": learnt, "worse": worse, "rows": [row._asdict() for row in rows]}
    name = versions.add(lambda made: write(start, table, after.reference, made, _summary(parent, learnt)), origin)
    promoted = force or not worse
    if promoted:
        versions.promote(name)
    return Outcome(name, parent, promoted, worse, complete, learnt, rows)


def _split(table: StudyTable, name: str) -> tuple[Study, ...]:
    """Discordant studies are left out: no one label is true of both their parts."""
    try:
        return tuple(s for s in table.of_split(name) if not s.discordant)
    except ChoiceError as error:
        raise StudyTableError(f"{table.name} has no study in split {name}, which fine-tuning needs.") from error


def _measured(comparison: Comparison) -> list[Row]:
    before, after = comparison.before, comparison.after
    rows = [Row("auroc", before.macro_auroc.mean(), after.macro_auroc.mean(), *comparison.macro[1:])]
    rows += [
        Row(f"auroc|β={b:g}", *pair) for b, *pair in zip(BETAS, before.macro_auroc, after.macro_auroc, strict=True)
    ]
    rows += [Row(f"ece|β={b:g}", *pair) for b, *pair in zip(BETAS, before.ece, after.ece, strict=True)]
    for i, (finding, change) in enumerate(comparison.per_finding.items()):
        rows.append(Row(f"auroc|{finding}", before.auroc[:, i].mean(), after.auroc[:, i].mean(), *change[1:]))
    return [Row(row.name, *map(_plain, row[1:])) for row in rows]


def _as_corrected(before: Model, after: Model, table: StudyTable, taught: dict, corrected: dict) -> list[Row]:
    rest = {k: v for k, v in corrected.items() if k not in taught}
    beta = before.engine.default_beta
    rows = []
    for name, some in (("as_corrected|learnt", taught), ("as_corrected|others", rest)):
        shares = [share_as_corrected(m, table.studies, some, beta) for m in (before, after)]
        rows += [Row(name, *map(_plain, shares))] if shares[0] is not None else []
    return rows


def _trusted(before: Model, after: Model, table: StudyTable, progress: Progress) -> list[Row]:
    """The tests of what is shown at once, on validation studies."""
    names, cases = {m: (name,) for m, name in INSTANT.items()}, TRUST_CASES if table.is_demo else UNTRUE_CASES
    found = [
        measure(m.engine, table, "val", names, cases, table.is_demo, progress, m.reference) for m in (before, after)
    ]
    if any("interrupted" in result for result in found):
        raise KeyboardInterrupt
    rows = []
    for modality, (name,) in names.items():
        old, new = (result[modality][name] for result in found)
        figures = [f for f in old if f in new and f not in ("n", "per_finding") and not f.startswith("random")]
        for figure in figures:
            rows.append(Row(f"{figure}|{name}", old[figure], new[figure]))
    return rows


def _summary(parent: str, learnt: dict[str, Any]) -> str:
    return f"{SUMMARY}\n\nIt came from version {parent} and learnt from {learnt['studies']} corrected studies."


def _plain(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(float(value), 4)
