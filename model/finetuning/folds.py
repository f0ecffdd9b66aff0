"""Teaches a model and, where it was cross-validated, the networks of its folds: each but what its fold held out, so
that what the new model learnt can still be measured on studies that nobody who judges them has seen."""

import copy
from typing import NamedTuple

from model.evaluation.held_out import provenance_of
from model.feedback.corrections import Correction
from model.finetuning.encoders import teach_encoders
from model.finetuning.evidence_loss import ReviewerMark, read_marks
from model.finetuning.finetune import FinetuneDataset, Recipe, finetune, finetune_dataset
from model.inference.embeddings import load_pooled
from model.inference.engine import Engine
from model.inference.provenance import Provenance
from model.progress import ProgressOf
from model.studies.content import contents_of
from model.studies.table import Study, StudyTable
from model.training.cross_validation import differing, state_of


class Taught(NamedTuple):
    """A model that has learnt, and of what."""

    engine: Engine
    finetune_dataset: FinetuneDataset
    marks: list[ReviewerMark]
    complete: bool  # False after Ctrl-C


def teach(
    base: Engine,
    studies: tuple[Study, ...],
    table: StudyTable,
    corrected: dict[str, Correction],
    recipe: Recipe,
    encoders: bool,
    progress_for: ProgressOf,
) -> Taught:
    """A model that has learnt corrections among these studies, without a temperature; the base stays as it is. Its
    provenance is that of the base and these studies.

    Args:
        table: that the studies are of.
        corrected: by study id; what is of other studies is left alone.
        encoders: whether those learn as well, first.
        progress_for: is asked for a progress bar for each part of the work.

    Raises:
        TrainingError: there is nothing to learn, or the learning failed.
        CheckpointError: nobody can tell what the base has learnt.
        KeyboardInterrupt: Ctrl-C at another time than while projections and head learn.
    """

    def taught_on(base: Engine, studies: tuple[Study, ...]) -> Taught:
        some = {s.study_id: corrected[s.study_id] for s in studies if s.study_id in corrected}
        if encoders:
            start = teach_encoders(base, studies, some, recipe.replay, progress_for("reading"))
        else:
            start = Engine(copy.deepcopy(base.network), "", base.device)
        pooled = load_pooled(start, table, progress_for("encoding"))
        data = finetune_dataset(base.findings, studies, pooled, some)
        marked = some.values() if recipe.evidence_weight else ()
        marks = read_marks(start, table, marked, progress_for("marks"))
        complete = finetune(start.network, data, recipe, marks, progress_for("learning"))
        start.network.log_temperature.zero_()
        return Taught(start, data, marks, complete)

    taught = taught_on(base, studies)
    contents = contents_of(studies)
    provenance = (provenance_of(base, table) or Provenance.of(())).with_more(contents)
    judges, states = [provenance.judge(content) for content in contents], []
    for number in range(len(provenance.folds)):
        fold = base.fold(number)
        own = tuple(s for s, judge in zip(studies, judges, strict=True) if judge not in (None, number))
        if any(s.study_id in corrected and corrected[s.study_id].labels for s in own):
            one = taught_on(fold, own)
            fold, taught = one.engine, taught._replace(complete=taught.complete and one.complete)
        fold.network.log_temperature.zero_()
        states.append(differing(taught.engine.network, state_of(fold.network)))
    taught.engine.provenance = provenance.with_answers(None, tuple(states))
    return taught
