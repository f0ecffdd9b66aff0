"""Can an explanation be trusted? All tests on one explanation, and each method over a table of studies.

The film is tested at β = 1 and the report at β = 0, where each decides alone: a result is then a property of the case
and the method, the same wherever the slider stands.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from explain.every_beta.discordance import alert_figures
from explain.methods.base import Question
from explain.methods.registry import method
from explain.methods.words import split_words
from explain.trust.faithfulness import Curves, Steps, deletion_insertion, steps_of, verdicts
from explain.trust.ground_truth import Truth, heat_concentration, lungs_of, points_inside, rank_percentile, truth_of
from explain.trust.over_cases import TRUTH, Examined, over_cases
from explain.trust.robustness import sanity, stability
from model.evaluation.held_out import ITSELF, Encode, predict_held_out, predictors_of
from model.inference.decision import reported
from model.inference.embeddings import encode_studies, load_reference
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.inference.predictions import BETA_GRID, Scored, chances
from model.progress import Progress
from model.studies.table import Study, StudyTable, load_film

ALONE = {"image": 1.0, "report": 0.0}
SEED = 0
TRUST_FILE = "trust.json"  # beside the checkpoint it was measured on
TRUST_FORMAT = 3  # of a result: one that was kept in another form is measured anew


class Trust(NamedTuple):
    """What the tests say of one explanation. None where a test has nothing to say."""

    completeness_error: float | None
    curves: dict[str, Curves]  # by baseline; none where all scores are the same
    steps: Steps | None  # of the curves
    stability: float | None
    sanity: float | None  # see `robustness.Sanity`
    sanity_spread: float | None
    points_inside: bool | None  # films of the demo
    heat_concentration: float | None
    heat_in_lungs: float | None  # films with an outline of the lungs
    top_word_states: bool | None  # reports of the demo
    rank_percentile: float | None

    def figures(self) -> dict[str, Any]:
        """What has a value, as numbers; in place of the curves the `areas` under them by baseline, and the verdicts of
        `deletion` and `insertion`."""
        plain = self._replace(steps=None)._asdict()
        known = {name: value for name, value in plain.items() if name != "curves" and value is not None}
        if self.curves:
            known["areas"] = {baseline: curves.areas() for baseline, curves in self.curves.items()}
        return known | {name: verdict.to_json() for name, verdict in verdicts(self.curves).items()}


def examine(
    engine: Engine,
    encoded: Encoded,
    finding: str,
    modality: str,
    name: str,
    truth: Truth | None = None,
    lungs: np.ndarray | None = None,
    should_continue: Callable[[], bool] = lambda: True,
) -> Trust:
    """Test the explanation of one modality of a case by the method `name`.

    Args:
        truth: of the finding, where it is known.
        lungs: where they are on the film, where that is known.
        should_continue: asked between the steps; where it says no, the work ends.

    Raises:
        ChoiceError: the finding or the method is unknown.
        Cancelled: the answer is not wanted any more.
    """
    question = Question(engine, encoded, engine.finding_index(finding), (ALONE[modality],), should_continue)
    chosen = method(modality, name)
    answer = chosen.explain(question)
    random = sanity(question, modality, chosen, answer.scores[0], SEED)
    return Trust(
        answer.completeness_error,
        deletion_insertion(question, modality, answer.scores[0]),
        steps_of(answer.scores[0]),
        stability(question, modality, chosen, answer.scores[0]),
        *(random or (None, None)),
        **_against_truth(encoded, modality, answer.scores[0], truth, lungs),
    )


def _against_truth(encoded: Encoded, modality: str, scores: np.ndarray, truth: Truth | None, lungs) -> dict:
    found: dict[str, Any] = dict.fromkeys(TRUTH)
    if modality == "image":
        box = encoded.image_part.box
        if truth is not None and truth.mask is not None:
            found["points_inside"] = points_inside(scores, box, truth.mask)
            found["heat_concentration"] = heat_concentration(scores, box, truth.mask)
        if lungs is not None:
            found["heat_in_lungs"] = heat_concentration(scores, box, lungs)
    elif truth is not None and truth.words:
        found["top_word_states"] = int(scores.argmax()) in truth.words
        found["rank_percentile"] = rank_percentile(scores, truth.words)
    return found


def measure_explanations(
    engine: Engine,
    table: StudyTable,
    split: str,
    names: dict[str, tuple[str, ...]],
    cases: int,
    truth_only: bool = False,
    progress: Progress = iter,
    encode: Encode | None = None,
) -> dict:
    """Test methods over the true positives of a split: each modality where it is right on its own. Studies that the
    model has learnt are explained, and decided, by a network of its cross-validation that has not seen them, or left
    out.

    Ctrl-C ends the tests; what they found so far is returned, with `interrupted`.

    Args:
        names: the methods to test of each modality.
        cases: how many (study, finding) pairs to test of each modality, evenly over the findings; 0 for all.
        truth_only: leave out the tests that need no truth, which take nearly all of the time.
        progress: wraps the loops over batches and pairs.
        encode: the embeddings of some studies under an engine, where they are at hand.

    Returns:
        For each modality and method what `over_cases` says. `discordance`, where the split has studies of both kinds,
        is how well the alert tells them apart.

    Raises:
        ChoiceError: the split or a method is unknown, or the model has learnt all of it.
        CheckpointError: nobody can tell what the model has learnt.
    """
    studies = table.of_split(split)
    judged = predict_held_out(engine, table, studies, encode or _reference_of(table, progress), progress)
    judges = _judges(engine, predictors_of(engine, table, judged.scored.studies), judged.scored.studies)
    result = {"form": TRUST_FORMAT, "split": split, "model": engine.digest}
    result |= {"by_cross_validation": judged.by_folds, "left_out": judged.left_out}
    if told := alert_figures(engine.network, judged.scored, judged.fitted_alert):
        result["discordance"] = told
    for modality, chosen in names.items():
        pairs = _true_positives(engine, judged.scored, modality, cases) if chosen else []
        found = {name: [] for name in chosen}
        try:
            for study, finding in progress(pairs):
                for name, figures in _figures(
                    judges[study.study_id](), table, study, finding, modality, chosen, truth_only
                ).items():
                    found[name].append(Examined(finding, study.patient_id, figures))
        except KeyboardInterrupt:
            result["interrupted"] = True
        bounded = table.about and table.about.bounded
        result[modality] = {name: over_cases(tested, bounded) for name, tested in found.items()}
        if "interrupted" in result:
            break
    return result


def _figures(
    engine: Engine,
    table: StudyTable,
    study: Study,
    finding: str,
    modality: str,
    chosen: tuple[str, ...],
    truth_only: bool,
) -> dict[str, dict[str, Any]]:
    """What every chosen method gets on one finding of one study."""
    # Where one modality decides alone, the other need not be read.
    film, report = (load_film(study), "") if modality == "image" else (None, study.report)
    encoded = engine.encode(film, report)
    truth = truth_of(table, study, finding, split_words(report, encoded.read_to))
    lungs = lungs_of(study)
    if not truth_only:
        return {n: examine(engine, encoded, finding, modality, n, truth, lungs).figures() for n in chosen}
    question = Question(engine, encoded, engine.finding_index(finding), (ALONE[modality],))
    scores = {name: method(modality, name).explain(question).scores[0] for name in chosen}
    known = {name: _against_truth(encoded, modality, s, truth, lungs) for name, s in scores.items()}
    return {name: {k: v for k, v in found.items() if v is not None} for name, found in known.items()}


def _reference_of(table: StudyTable, progress: Progress) -> Encode:
    return lambda engine, some: (
        load_reference(engine, table, progress) if engine.folder else encode_studies(engine, some, progress)
    )


def _judges(engine: Engine, numbers: np.ndarray, studies: tuple[Study, ...]) -> dict[str, Callable[[], Engine]]:
    """By study id what gives the engine that has not seen a study; those of folds are made when they are needed."""
    folds = lru_cache(engine.fold)
    return {
        s.study_id: (lambda: engine) if number == ITSELF else partial(folds, int(number))
        for s, number in zip(studies, numbers, strict=True)
    }


def _true_positives(engine: Engine, scored: Scored, modality: str, cases: int) -> list[tuple[Study, str]]:
    """(study, finding) in a fixed random order of studies, as many of each finding as the others while there are."""
    positive = _reported(engine, scored.logits[BETA_GRID.index(ALONE[modality])])
    has = scored.has[:, list(ALONE).index(modality)]
    most = -(-cases // len(engine.findings)) if cases else len(scored.studies)
    count, pairs = dict.fromkeys(engine.findings, 0), []
    for i in np.random.default_rng(SEED).permutation(len(scored.studies)):
        study = scored.studies[i]
        for finding in sorted(study.labels & positive[i]) if has[i] and not study.discordant else ():
            if count[finding] < most:
                count[finding] += 1
                pairs.append((study, finding))
    return pairs


def _reported(engine: Engine, logits: np.ndarray) -> list[set[str]]:
    """The findings that are decided for, of each study."""
    problem_type = engine.config.problem_type
    return [set(reported(p, engine.findings, problem_type)) for p in chances(logits, problem_type)]
