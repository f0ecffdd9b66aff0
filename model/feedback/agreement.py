"""Do reviewers agree with the model, and with one another? Over flags that stand (see `model.feedback`)."""

import warnings
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from model.feedback import Flag
from model.inference import decision


class Share(NamedTuple):
    """How many of n judgements agree with the model, with the 95 % interval of Wilson (1927)."""

    of: str  # a day, as 2026-01-31, or a finding
    agree: int
    n: int
    low: float
    high: float


class Kappa(NamedTuple):
    """Cohen's κ of two reviewers on one finding, over the n studies that both judged; None where either of them said
    the same of all, which leaves κ undefined or 0 whatever the other said."""

    first: str
    second: str
    finding: str
    n: int
    same: int  # studies of which both say the same
    kappa: float | None


def reported(flag: Flag, problem_type: str) -> frozenset[str]:
    """The findings that the model reported on the screen that was flagged."""
    p = np.array([*flag.probabilities.values()], float)
    return frozenset(decision.reported(p, tuple(flag.probabilities), problem_type) if len(p) else ())


def reviewer_labels(flag: Flag, problem_type: str) -> frozenset[str] | None:
    """The findings the reviewer holds the case to have; None where they were unsure."""
    if flag.verdict == "agree":
        return reported(flag, problem_type)
    return frozenset(flag.corrected_labels) if flag.verdict == "disagree" else None


def case_of(flag: Flag) -> str:
    """What two flags on the same case share: the study, or without one the film, or without one the report."""
    return flag.study_id or flag.image_sha256 or flag.report


def over_time(flags: Iterable[Flag]) -> list[Share]:
    """Verdicts that agree, day by day (UTC); unsure ones count for neither side."""
    days = defaultdict(list)
    for flag in flags:
        if flag.verdict != "unsure":
            days[flag.time_utc[:10]].append(flag.verdict == "agree")
    return [_share(day, days[day]) for day in sorted(days)]


def per_finding(flags: Iterable[Flag], problem_type: str) -> list[Share]:
    """For each finding, the judgements that say of it what the model said; in the order of the model's findings."""
    found = defaultdict(list)
    for flag in flags:
        labels = reviewer_labels(flag, problem_type)
        if labels is not None:
            said = reported(flag, problem_type)
            for finding in flag.probabilities:
                found[finding].append((finding in labels) == (finding in said))
    return [_share(finding, same) for finding, same in found.items()]


def latest_of_each(flags: Iterable[Flag]) -> dict[str, dict[str, Flag]]:
    """Of each case and reviewer the latest verdict, which alone counts: "unsure" takes an earlier one back."""
    latest: dict[str, dict[str, Flag]] = defaultdict(dict)
    for flag in flags:
        latest[case_of(flag)][flag.reviewer] = flag
    return latest


def between_reviewers(flags: Iterable[Flag], problem_type: str) -> list[Kappa]:
    """Each pair of reviewers on each finding, over the studies that both judged, see `latest_of_each`. Flags without a
    name are left out."""
    latest: dict[str, dict[str, Flag]] = defaultdict(dict)
    for case, by in latest_of_each(flags).items():
        for reviewer, flag in by.items():
            if reviewer and reviewer_labels(flag, problem_type) is not None:
                latest[reviewer][case] = flag
    found = []
    for first, second in combinations(sorted(latest), 2):
        both = latest[first].keys() & latest[second].keys()
        pairs = [(latest[first][case], latest[second][case]) for case in sorted(both)]
        for finding in dict.fromkeys(name for pair in pairs for flag in pair for name in flag.probabilities):
            said = np.array(
                [[finding in (reviewer_labels(flag, problem_type) or ()) for flag in pair] for pair in pairs]
            )
            found.append(Kappa(first, second, finding, len(said), int((said[:, 0] == said[:, 1]).sum()), _kappa(said)))
    return found


def conflicts(flags: Iterable[Flag], problem_type: str) -> set[str]:
    """The cases of which reviewers say different things, see `latest_of_each`."""
    said = {case: {reviewer_labels(f, problem_type) for f in by.values()} for case, by in latest_of_each(flags).items()}
    return {case for case, each in said.items() if len(each - {None}) > 1}


def _kappa(said: np.ndarray) -> float | None:
    if (said == said[:1]).all(0).any():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cohen_kappa_score(said[:, 0], said[:, 1]))


def _share(of: str, agree: list[bool]) -> Share:
    found = binomtest(sum(agree), len(agree))
    ends = found.proportion_ci(method="wilson")
    return Share(of, found.k, found.n, float(ends.low), float(ends.high))
