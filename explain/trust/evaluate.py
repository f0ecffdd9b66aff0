"""Can an explanation be trusted? All tests on one explanation, and each method over a table of studies.

The film is tested at β = 1 and the report at β = 0, where each decides alone: a result is then a property of the case
and the method, the same wherever the slider stands.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from explain.base import Question
from explain.discordance import told_apart
from explain.faithfulness import Curves, deletion_insertion, sanity, stability
from explain.methods import method
from explain.truth import Truth, heat_concentration, lungs_of, points_inside, rank_percentile, truth_of
from explain.words import split_words
from model.config import SINGLE_LABEL
from model.data import Study, StudyTable, load_film
from model.engine import Encoded, Engine
from model.reference import Progress, Reference, load_reference, logits_at

ALONE = {"image": 1.0, "report": 0.0}
# Findings that are a place on the film; edema and emphysema are all of both lungs.
BOUNDED = ("Atelectasis", "Cardiomegaly", "Effusion", "Lung Opacity", "Nodule", "Pneumothorax")
SEED = 0
KEPT = "trust.json"  # beside the checkpoint it was measured on


class Trust(NamedTuple):
    """What the tests say of one explanation. None where a test has nothing to say."""

    completeness_error: float | None
    curves: Curves
    stability: float
    sanity: float
    points_inside: bool | None  # films of the demo
    heat_concentration: float | None
    heat_in_lungs: float | None  # films with an outline of the lungs
    top_word_states: bool | None  # reports of the demo
    rank_percentile: float | None

    def figures(self) -> dict[str, float]:
        """What has a value, as numbers; areas under the curves in place of the curves."""
        known = {name: value for name, value in self._asdict().items() if name != "curves" and value is not None}
        return known | {f"{name}_auc": area for name, area in self.curves.areas().items()}


TRUTH = Trust._fields[4:]


def examine(
    engine: Engine,
    encoded: Encoded,
    finding: str,
    modality: str,
    name: str,
    truth: Truth | None = None,
    lungs: np.ndarray | None = None,
    wanted: Callable[[], bool] = lambda: True,
    seed: int = SEED,
) -> Trust:
    """Test the explanation of one modality of a case by the method `name`.

    Args:
        truth: of the finding, where it is known.
        lungs: where they are on the film, where that is known.
        wanted: asked between the steps; where it says no, the work ends.
        seed: of the random network that the sanity check compares with.

    Raises:
        ChoiceError: the finding or the method is unknown.
        Superseded: the answer is not wanted any more.
    """
    question = Question(engine, encoded, engine.finding_index(finding), (ALONE[modality],), wanted)
    chosen = method(modality, name)
    answer = chosen.explain(question)
    return Trust(
        answer.completeness_error,
        deletion_insertion(question, modality, answer.scores[0]),
        stability(question, modality, chosen, answer.scores[0]),
        sanity(question, modality, chosen, answer.scores[0], seed),
        **_against_truth(encoded, modality, answer.scores[0], truth, lungs),
    )


def _against_truth(encoded: Encoded, modality: str, scores: np.ndarray, truth: Truth | None, lungs) -> dict:
    found = dict.fromkeys(TRUTH)
    if modality == "image":
        if truth is not None and truth.mask is not None:
            found["points_inside"] = points_inside(scores, encoded.box, truth.mask)
            found["heat_concentration"] = heat_concentration(scores, encoded.box, truth.mask)
        if lungs is not None:
            found["heat_in_lungs"] = heat_concentration(scores, encoded.box, lungs)
    elif truth is not None and truth.words:
        found["top_word_states"] = int(scores.argmax()) in truth.words
        found["rank_percentile"] = rank_percentile(scores, truth.words)
    return found


def measure(
    engine: Engine,
    table: StudyTable,
    split: str,
    names: dict[str, tuple[str, ...]],
    cases: int,
    truth_only: bool = False,
    progress: Progress = iter,
    reference: Reference | None = None,
) -> dict:
    """Test methods over the true positives of a split: each modality where it is right on its own.

    Ctrl-C ends the tests; what they found so far is returned, with `interrupted`.

    Args:
        names: the methods to test of each modality.
        cases: how many (study, finding) pairs to test of each modality, evenly over the findings; 0 for all.
        truth_only: leave out the tests that need no truth, which take nearly all of the time.
        progress: wraps the loops over batches and pairs.
        reference: the embeddings of the table's studies, where they are at hand.

    Returns:
        For each modality and method the number of pairs, the mean of every figure, and those against the truth for
        each finding. `points_inside` and `heat_concentration` are means over the findings that have a bounded place.
        `discordance`, where the split has studies of both kinds, is how well the alert tells them apart.

    Raises:
        ChoiceError: the split or a method is unknown.
    """
    studies = table.of_split(split)
    reference = reference or load_reference(engine, table, progress)
    result = {"split": split, "model": engine.digest}
    if told := told_apart(engine, reference, studies):
        result["discordance"] = told
    for modality, chosen in names.items():
        pairs = _true_positives(engine, reference, studies, modality, cases) if chosen else []
        found = {name: defaultdict(list) for name in chosen}
        try:
            for study, finding in progress(pairs):
                for name, figures in _figures(engine, table, study, finding, modality, chosen, truth_only).items():
                    found[name][finding].append(figures)
        except KeyboardInterrupt:
            result["interrupted"] = True
        result[modality] = {name: _summary(figures) for name, figures in found.items()}
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
) -> dict[str, dict[str, float]]:
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


def _true_positives(
    engine: Engine, reference: Reference, studies: tuple[Study, ...], modality: str, cases: int
) -> list[tuple[Study, str]]:
    """(study, finding) in a fixed random order of studies, as many of each finding as the others while there are."""
    rows = reference.rows(studies)
    decided = _decided(engine, logits_at(engine, reference, ALONE[modality], rows))
    has = reference.has[rows, list(ALONE).index(modality)]
    most = -(-cases // len(engine.findings)) if cases else len(studies)
    count, pairs = dict.fromkeys(engine.findings, 0), []
    for i in np.random.default_rng(SEED).permutation(len(studies)):
        study = studies[i]
        for finding in sorted(study.labels & decided[i]) if has[i] and not study.discordant else ():
            if count[finding] < most:
                count[finding] += 1
                pairs.append((study, finding))
    return pairs


def _decided(engine: Engine, logits: np.ndarray) -> list[set[str]]:
    """The findings that the model decides for, of each study."""
    p = engine.network.probabilities(torch.from_numpy(logits)).numpy()
    single = engine.config.problem_type == SINGLE_LABEL
    least = p.max(1, keepdims=True) if single else 0.5
    return [{f for f, yes in zip(engine.findings, row, strict=True) if yes} for row in p >= least]


def _summary(found: dict[str, list[dict[str, float]]]) -> dict:
    every = [figures for of_finding in found.values() for figures in of_finding]
    names = sorted(set().union(*every)) if every else []
    means = {name: _mean(every, name) for name in names}
    each = {f: {n: _mean(v, n) for n in names if n in TRUTH} | {"n": len(v)} for f, v in sorted(found.items())}
    for name in {"points_inside", "heat_concentration"} & set(names):
        bounded = [each[f][name] for f in BOUNDED if f in each and each[f][name] is not None]
        means[name] = round(float(np.mean(bounded)), 4) if bounded else None
    return {"n": len(every)} | means | {"per_finding": each}


def _mean(figures: list[dict[str, float]], name: str) -> float | None:
    values = [f[name] for f in figures if name in f]
    return round(float(np.mean(values)), 4) if values else None
