"""Teaches a model and, where it was cross-validated, the networks of its folds: each but what its fold held out, so
that what the new model learnt can still be measured on studies that nobody who judges them has seen."""

import copy
from typing import NamedTuple

from model.evaluation.held_out import past_of
from model.feedback.corrections import Correction
from model.finetuning.encoders import teach_encoders
from model.finetuning.evidence_penalty import EvidencePenalty, read_marks
from model.finetuning.finetune import FinetuneDataset, Recipe, finetune, finetune_dataset
from model.inference.encoder_features import load_pooled
from model.inference.engine import Engine
from model.inference.learnt import Past
from model.progress import ProgressOf
from model.studies.content import contents_of
from model.studies.table import Study, StudyTable
from model.training.cross_validation import differing, state_of


class Course(NamedTuple):
    """What is taught, and how.

    corrected: by study id; what is of other studies than those that are learnt is left alone.
    encoders: whether those learn as well, first.
    """

    table: StudyTable
    corrected: dict[str, Correction]
    recipe: Recipe
    encoders: bool
    progress_for: ProgressOf


class Taught(NamedTuple):
    """A model that has learnt, and of what."""

    engine: Engine
    finetune_dataset: FinetuneDataset
    marks: EvidencePenalty | None
    complete: bool  # False after Ctrl-C


def teach(base: Engine, studies: tuple[Study, ...], course: Course) -> Taught:
    """A model that has learnt corrections among these studies, without a temperature; the base stays as it is. Its past
    is that of the base and these studies.

    Raises:
        TrainingError: there is nothing to learn, or the learning failed.
        CheckpointError: nobody can tell what the base has learnt.
        KeyboardInterrupt: Ctrl-C at another time than while projections and head learn.
    """
    taught = _one(base, studies, course)
    contents = contents_of(studies)
    past = (past_of(base, course.table) or Past.of(())).with_more(contents)
    judges, states = [past.judge(content) for content in contents], []
    for number in range(len(past.folds)):
        fold = base.fold(number)
        own = tuple(s for s, judge in zip(studies, judges, strict=True) if judge not in (None, number))
        if any(s.study_id in course.corrected and course.corrected[s.study_id].labels for s in own):
            one = _one(fold, own, course)
            fold, taught = one.engine, taught._replace(complete=taught.complete and one.complete)
        fold.network.log_temperature.zero_()
        states.append(differing(taught.engine.network, state_of(fold.network)))
    taught.engine.past = past.with_answers(None, tuple(states))
    return taught


def _one(base: Engine, studies: tuple[Study, ...], course: Course) -> Taught:
    some = {s.study_id: course.corrected[s.study_id] for s in studies if s.study_id in course.corrected}
    if course.encoders:
        start = teach_encoders(base, studies, some, course.recipe.replay, course.progress_for("read"))
    else:
        start = Engine(copy.deepcopy(base.network), "", base.device)
    pooled = load_pooled(start, course.table, course.progress_for("encode"))
    data = finetune_dataset(base.findings, studies, pooled, some)
    marks = read_marks(start, course.table, some.values()) if course.recipe.evidence_weight else None
    complete = finetune(start.network, data, course.recipe, marks, course.progress_for("learn"))
    start.network.log_temperature.zero_()
    return Taught(start, data, marks, complete)
