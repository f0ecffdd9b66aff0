"""Can an explanation be trusted? All tests on one explanation, and each method over a table of studies.

The film is tested at β = 1 and the report at β = 0, where each decides alone: a result is then a property of the case
and the method, the same wherever the slider stands.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from explain.base import Question
from explain.faithfulness import Curves, deletion_insertion, sanity, stability
from explain.methods import method
from explain.truth import Truth, heat_concentration, lungs_of, points_inside, rank_percentile, truth_of
from explain.words import split_words
from model.config import SINGLE_LABEL
from model.data import Study, StudyTable, load_film
from model.engine import Encoded, Engine
from model.errors import ImageError
from model.reference import Progress

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


class Case(NamedTuple):
    """A finding of a study that the model found from one modality alone, and rightly."""

    study: Study
    finding: str
    encoded: Encoded


def measure(
    engine: Engine,
    table: StudyTable,
    split: str,
    names: dict[str, tuple[str, ...]],
    cases: int,
    truth_only: bool = False,
    progress: Progress = iter,
) -> dict:
    """Test methods over the true positives of a split: each modality where it is right on its own.

    Args:
        names: the methods to test of each modality.
        cases: how many (study, finding) pairs to test of each modality, evenly over the findings; 0 for all.
        truth_only: leave out the tests that need no truth, which take nearly all of the time.
        progress: wraps the loops over pairs.

    Returns:
        For each modality and method the number of pairs, the mean of every figure, and those against the truth for
        each finding. `pointing_game` and `heat_concentration` are means over the findings that have a bounded place.

    Raises:
        ChoiceError: the split or a method is unknown.
    """
    result = {"split": split, "model": engine.digest}
    for modality, chosen in names.items():
        pairs = list(_true_positives(engine, table.of_split(split), modality, cases, progress))
        found = {name: defaultdict(list) for name in chosen}
        for pair in progress(pairs):
            truth, lungs = _known(table, pair)
            for name in chosen:
                if truth_only:
                    question = Question(engine, pair.encoded, engine.finding_index(pair.finding), (ALONE[modality],))
                    scores = method(modality, name).explain(question).scores[0]
                    known = _against_truth(pair.encoded, modality, scores, truth, lungs)
                    figures = {key: value for key, value in known.items() if value is not None}
                else:
                    figures = examine(engine, pair.encoded, pair.finding, modality, name, truth, lungs).figures()
                found[name][pair.finding].append(figures)
        result[modality] = {name: _summary(figures) for name, figures in found.items()}
    return result


def _known(table: StudyTable, pair: Case) -> tuple[Truth | None, np.ndarray | None]:
    words = split_words(pair.study.report, pair.encoded.read_to)
    return truth_of(table, pair.study, pair.finding, words), lungs_of(pair.study)


def _true_positives(
    engine: Engine, studies: tuple[Study, ...], modality: str, cases: int, progress: Progress
) -> Iterator[Case]:
    """Studies in a fixed random order, as many of each finding as the others while there are."""
    rng = np.random.default_rng(SEED)
    concordant = [s for s in studies if not s.discordant]
    most = -(-cases // len(engine.findings)) if cases else len(concordant)
    count = dict.fromkeys(engine.findings, 0)
    for i in progress(rng.permutation(len(concordant))):
        study = concordant[i]
        wanted = [f for f in sorted(study.labels & count.keys()) if count[f] < most]
        if not wanted:
            continue
        try:
            encoded = engine.encode(load_film(study), study.report)
        except ImageError:
            continue
        if modality not in encoded.modalities:
            continue
        decided = _decided(engine, encoded, ALONE[modality])
        for finding in wanted:
            if finding in decided:
                count[finding] += 1
                yield Case(study, finding, encoded)


def _decided(engine: Engine, encoded: Encoded, beta: float) -> set[str]:
    p = engine.probabilities(encoded, np.array([beta]))[0]
    single = engine.config.problem_type == SINGLE_LABEL
    return {f for f, value in zip(engine.findings, p, strict=True) if (value == p.max() if single else value >= 0.5)}


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
