"""What the tests of explanations say over many cases: means, and intervals over patients."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from explain.trust.faithfulness import Verdict
from explain.trust.pass_marks import passed_over_cases
from model.evaluation.bootstrap import band, counts_of, macro

TRUTH = ("points_inside", "heat_concentration", "heat_in_lungs", "top_word_states", "rank_percentile")
DIRECTIONS = ("deletion", "insertion")
BY_FINDING = {"points_inside", "heat_concentration"}  # a mean over findings, and not over cases
COARSE = 20  # patients, below which an interval over them is narrower than it should be, and is called coarse


class Examined(NamedTuple):
    """One explanation that was tested."""

    finding: str
    patient: str
    figures: dict[str, Any]  # see `trust.Trust.figures`


def over_cases(tested: list[Examined], bounded: Collection[str] | None = None) -> dict[str, Any]:
    """The figures of one method over cases.

    Args:
        bounded: the findings that are a place on a film; all of them where that is not known.

    Returns:
        `n` explanations of so many `patients`; `coarse` where they are fewer than 20; the mean of every figure that has
        a value in some of them, and in `intervals` their 95 % bootstrap interval over patients. `points_inside` and
        `heat_concentration` are means over the findings that have a bounded place. `passed` says of each figure that
        has a mark whether it meets it. Where evidence was taken away, `faithfulness` by baseline (see `_faithfulness`);
        `deletion` and `insertion`: with how many of the baselines the interval of the difference to random order lies
        on the right side of 0, and whether these are most of them; None where there is no interval. `per_finding`: of
        each finding its `n`, its means against the truth and its `faithfulness`.
    """
    by_finding = defaultdict(list)
    for one in sorted(tested, key=lambda one: one.finding):
        by_finding[one.finding].append(one)
    means: dict[str, float | None] = {**_means(tested)}
    each: dict[str, dict[str, Any]] = {
        finding: {"n": len(some)}
        | {name: mean for name, mean in _means(some).items() if name in TRUTH}
        | _faithfulness(some)
        for finding, some in by_finding.items()
    }
    intervals = {}
    for name in means:
        some = [one for one in tested if name in one.figures]
        groups = None
        if name in BY_FINDING:
            some = [one for one in some if bounded is None or one.finding in bounded]
            groups = [one.finding for one in some]
        if some:
            values = np.array([float(one.figures[name]) for one in some])
            found = mean_band(values, tuple(one.patient for one in some), groups)
            means[name] = found.pop("value")
            intervals[name] = found
        else:
            means[name] = None
    patients = len({one.patient for one in tested})
    faithful = _faithfulness(tested)
    shown = {**means, **{name: _verdict(found, name) for found in faithful.values() for name in DIRECTIONS}}
    return {
        "n": len(tested),
        "patients": patients,
        "coarse": patients < COARSE,
        **shown,
        "intervals": intervals,
        "passed": passed_over_cases(shown),
        **faithful,
        "per_finding": each,
    }


def numbers(figures: dict[str, Any]) -> dict[str, float]:
    """Of what `over_cases` gives, the means that can be held against those of another model; the areas under deletion
    and insertion by baseline, as `deletion_blur`."""
    named = ("completeness_error", "stability", "sanity", *TRUTH)
    areas = {
        f"{name}_{baseline}": found[name]
        for name in DIRECTIONS
        for baseline, found in figures.get("faithfulness", {}).items()
    }
    return {name: figures[name] for name in named if figures.get(name) is not None} | areas


def _means(tested: list[Examined]) -> dict[str, float]:
    """The mean of every figure that is one number, over the cases in which it has a value."""
    values = defaultdict(list)
    for one in tested:
        for name, value in one.figures.items():
            if not isinstance(value, dict):
                values[name].append(value)
    return {name: round(float(np.mean(known)), 4) for name, known in sorted(values.items())}


def _faithfulness(tested: list[Examined]) -> dict[str, dict[str, dict[str, Any]]]:
    """`faithfulness`, by baseline: `n` explanations that name an order, their mean area under `deletion`, `insertion`
    and `random` order, and the mean differences to random order with their 95 % bootstrap intervals over patients,
    `deletion_difference` (below 0 where it is faithful) and `insertion_difference` (above 0). Nothing where no
    explanation names an order."""
    ordered = [one for one in tested if "areas" in one.figures]
    if not ordered:
        return {}
    found = {}
    for baseline in ordered[0].figures["areas"]:
        areas = [one.figures["areas"][baseline] for one in ordered]
        means = {name: round(float(np.mean([a[name] for a in areas])), 4) for name in areas[0]}
        patients = tuple(one.patient for one in ordered)
        differences = {
            f"{name}_difference": mean_band(np.array([a[name] - a["random"] for a in areas]), patients)
            for name in DIRECTIONS
        }
        found[baseline] = {"n": len(areas)} | means | differences
    return {"faithfulness": found}


def mean_band(
    values: np.ndarray, patients: tuple[str, ...], groups: list[str] | None = None
) -> dict[str, float | None]:
    """The mean over cases, and its 95 % bootstrap interval over patients: None of one, or where all are alike.

    Args:
        groups: what each case belongs to, as its finding, where the mean is over these and not over cases; of a
            resample over those that it has.
    """
    counts = counts_of(patients)
    belongs = np.array(groups) if groups else np.zeros(len(values), int)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a resample has none of a group
        each = [counts[:, own] @ values[own] / counts[:, own].sum(1) for own in (belongs == g for g in set(belongs))]
    return band(np.round(macro(np.stack(each)), 9)).to_json()  # so that what is alike is equal


def _verdict(by_baseline: dict[str, dict[str, Any]], name: str) -> dict[str, int | bool] | None:
    differences = [found[f"{name}_difference"] for found in by_baseline.values()]
    known = [d for d in differences if d["low"] is not None]
    if not known:
        return None
    passed = [d["high"] < 0 if name == "deletion" else d["low"] > 0 for d in known]
    return Verdict(sum(passed), len(differences)).to_json()
