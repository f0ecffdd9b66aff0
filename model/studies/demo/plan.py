"""Which film goes with which report, in which split: the demo's studies before a film is drawn.

Both are fallible, each in its own way, so that together they know more than either: a film hides a finding or shows
little of it, a report does not name it, masks or only suspects it. The shares below are such that somebody who
overlooks nothing would reach a mean AUROC of about 0.92 from films alone, 0.90 from reports alone, 0.98 from both.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from model.studies.demo.films.findings import SITES, Finding
from model.studies.demo.reports import FINDINGS, Report, Statement, agrees, load_reports, stating_sentences
from model.studies.demo.wording import Edits, reworded

SEED = 20261128
SPLITS = ("train", "val", "test")
SHARES = {"train": 0.68, "val": 0.12, "test": 0.20}  # of the reports with a finding
RARE_SHARES = {"train": 0.45, "val": 0.20, "test": 0.35}  # where a finding has few reports
LEAST = {"train": 90, "val": 30, "test": 50}  # films that show each finding: more films of the same report where rare
NORMALS = {"train": 300, "val": 80, "test": 130}
ANATOMIES = {"train": 600, "val": 160, "test": 250}  # each of about two studies, with and without findings
_FIRST_ANATOMY = {"train": 1_000_000, "val": 2_000_000, "test": 3_000_000, "extra": 4_000_000}  # none in two splits

# Shares of the findings of a study.
HIDDEN = 0.12  # the film does not show it
SUBTLE = 0.25  # it shows little of it
SILENT = 0.10  # the report does not name it
MASKED = 0.06  # it masks its name
MISSED = 0.03  # it denies it
HEDGED = 0.15  # it only suspects it
RESTATED = 0.35  # it states it in other words
# Shares of the studies.
SUSPECTED = 0.18  # the report suspects a finding that is not there
DENIED = 0.45  # it denies one more
RESOLVED = 0.12  # it says of one that it has gone
ADDED, SHUFFLED, MISSPELT = 0.4, 0.3, 0.2
WRONG_PATIENT = {"train": 0.03, "val": 0.06, "test": 0.10}
WRONG_SIDE = 0.02
WRONG_LABEL = 0.025

_DEGREE = {"borderline": 0.06, "mild": 0.2, "small": 0.2, "": 0.4, "moderate": 0.58, "large": 0.85, "severe": 0.9}
_NORMAL_SHARE = 0.25  # of the extra films


class Planned(NamedTuple):
    """One study.

    Attributes:
        patient_id: whose film it is: the id of the report that says what the film shows.
        report_id: of the report beside it; another patient's where `mishap` is "patient".
        edits: what is done to that report.
        seed: of the rewording, and of all that is drawn for the film but its anatomy.
        labels: as the table has them; wrong where `mishap` is "label".
        present: what the patient has.
        shown: of that what the film shows.
        stated: what the report states or suspects, in sentences that `stating_sentences` finds.
        mishap: "", "patient", "side" or "label".
        anatomy: the seed of the body.
    """

    study_id: str
    patient_id: str
    report_id: str
    edits: Edits
    seed: int
    split: str
    labels: frozenset[str]
    present: frozenset[str]
    shown: tuple[Finding, ...]
    stated: frozenset[str]
    mishap: str
    anatomy: int

    @property
    def hidden(self) -> frozenset[str]:
        """What the patient has and the film does not show."""
        return self.present - {f.name for f in self.shown}


@cache
def split_reports() -> dict[str, list[Report]]:
    """Every usable report in one split, the rarest findings spread first; of the same text one alone."""
    rng = np.random.default_rng(SEED)
    # The others would be labelled by guesswork: codes and text must name the same findings.
    usable = [r for r in load_reports().values() if r.is_coded and agrees(r)]
    reports = list({_letters(r.text): r for r in reversed(usable)}.values())[::-1]
    count = Counter(f for r in reports for f in r.findings)
    left = {r.report_id: r for r in reports}
    split: dict[str, list[Report]] = {name: [] for name in SPLITS}
    for finding in (*sorted(FINDINGS, key=lambda f: count[f]), None):
        pool = [r for r in left.values() if (finding in r.findings if finding else not r.findings)]
        shares = RARE_SHARES if finding and count[finding] < 100 else SHARES
        ends = np.cumsum([round(shares[name] * len(pool)) for name in SPLITS[1:]])
        for i, k in enumerate(rng.permutation(len(pool))):
            split[SPLITS[1] if i < ends[0] else SPLITS[2] if i < ends[1] else SPLITS[0]].append(pool[k])
            del left[pool[k].report_id]
    return split


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


def plan() -> list[Planned]:
    """All studies of the demo, in order; the same every time."""
    rng = np.random.default_rng([SEED, 1])
    studies: list[Planned] = []
    texts: dict[str, str] = {}  # of each text the split that it is in
    for name, reports in split_reports().items():
        ill, healthy = [r for r in reports if r.findings], [r for r in reports if not r.findings]
        chosen = ill + _repeats(ill, LEAST[name]) + healthy[: NORMALS[name]]
        others = [*ill, *healthy]
        for k in rng.permutation(len(chosen)):
            number = len(studies) + 1
            one = np.random.default_rng([SEED, 2, number])
            anatomy = _FIRST_ANATOMY[name] + int(one.integers(ANATOMIES[name]))
            study = _study(f"demo-{number:04d}", chosen[k], others, name, anatomy, one)
            studies.append(_apart(study, texts))
    return studies


def _apart(study: Planned, texts: dict[str, str]) -> Planned:
    """The study, reworded until its report is in no other split."""
    report = load_reports()[study.report_id]
    while (
        texts.setdefault(_letters(text := reworded(report.text, study.edits, study.seed)), study.split) != study.split
    ):
        study = study._replace(seed=study.seed + 1, edits=study.edits._replace(added=study.edits.added + 1))
    said = (report.findings - {*study.edits.missed}) | {*study.edits.suspected}
    return study._replace(stated=said & stating_sentences(text).keys())


def extra_plan(n: int, seed: int) -> list[Planned]:
    """More studies of training reports, findings about equally frequent, on anatomies of their own."""
    rng = np.random.default_rng([SEED, 4, seed])
    reports = split_reports()["train"]
    pools = {f: [r for r in reports if f in r.findings] for f in FINDINGS}
    pools[""] = [r for r in reports if not r.findings]
    weights = np.array([len(pools[f]) ** 0.3 for f in FINDINGS])
    weights = [*(weights / weights.sum() * (1 - _NORMAL_SHARE)), _NORMAL_SHARE]
    studies = []
    for k in range(n):
        pool = pools[str(rng.choice([*FINDINGS, ""], p=weights))]
        report = pool[rng.integers(len(pool))]
        one = np.random.default_rng([SEED, 5, seed, k])
        anatomy = _FIRST_ANATOMY["extra"] + 100_000 * seed + k // 2
        studies.append(_study(f"extra-{seed}-{k:05d}", report, (), "train", anatomy, one))
    return studies


def _study(
    study_id: str, report: Report, others: Sequence[Report], split: str, anatomy: int, rng: np.random.Generator
) -> Planned:
    """A study of what a report says; another of `others` may stand beside its film."""
    present = report.findings
    beside, mishap = report, ""
    if others and rng.random() < WRONG_PATIENT[split]:
        while beside.findings == present:
            beside = others[rng.integers(len(others))]
        mishap = "patient"
    shown = tuple(_shown(report.statements, rng))
    edits = _edits(beside, rng)
    sided = any(s.side in ("left", "right") for s in beside.statements)
    if not mishap and sided and rng.random() < WRONG_SIDE:
        edits, mishap = edits._replace(swapped=1), "side"
    labels = present
    if not mishap and rng.random() < WRONG_LABEL:
        mishap = "label"
        wrong = str(rng.choice(sorted(present))) if present and rng.random() < 0.6 else str(rng.choice(FINDINGS))
        labels = present ^ {wrong}
    return Planned(
        study_id=study_id,
        patient_id=report.report_id,
        report_id=beside.report_id,
        edits=edits,
        seed=int(rng.integers(2**31)),
        split=split,
        labels=labels,
        present=present,
        shown=shown,
        stated=frozenset(),
        mishap=mishap,
        anatomy=anatomy,
    )


def _shown(statements: Sequence[Statement], rng: np.random.Generator) -> Iterator[Finding]:
    """What a film shows of what codes say, each with a severity of its own."""
    names = {s.finding for s in statements}
    hidden = {name for name in sorted(names) if rng.random() < HIDDEN}
    for name in sorted(names - hidden):
        said = [s for s in statements if s.finding == name][:3]
        faint = rng.random() < SUBTLE
        for statement in said[:1] if name in ("Cardiomegaly", "Emphysema", "Edema") else said:
            extent = _DEGREE[statement.severity] + rng.normal(0, 0.14)
            extent = extent * rng.uniform(0.25, 0.6) if faint else extent
            contrast = rng.uniform(0.12, 0.4) if faint else rng.uniform(0.35, 1)
            side = statement.side if statement.side in ("left", "right") else ""
            both = statement.side == "bilateral" or name in ("Edema", "Cardiomegaly", "Emphysema")
            if not side and not both and not (name in ("Lung Opacity", "Atelectasis") and rng.random() < 0.45):
                side = str(rng.choice(["left", "right"]))
            site = statement.site if statement.site in SITES else ""
            yield Finding(name, side, site, float(np.clip(extent, 0.03, 1)), float(contrast), statement.traits)


def _edits(report: Report, rng: np.random.Generator) -> Edits:
    """What is done to a report. Of the eight findings those that it states are its own; the others are not there."""
    done: dict[str, list[str]] = {name: [] for name in ("silent", "masked", "missed", "hedged", "restated", "")}
    shares = (SILENT, MASKED, MISSED, HEDGED, RESTATED)
    for finding in sorted(report.findings):
        done[str(rng.choice([*done], p=[*shares, 1 - sum(shares)]))].append(finding)
    done.pop("")
    absent = [f for f in FINDINGS if f not in report.findings]

    def one(share: float) -> list[str]:
        return [str(rng.choice(absent))] if absent and rng.random() < share else []

    return Edits(
        **{name: tuple(findings) for name, findings in done.items()},
        suspected=tuple(one(SUSPECTED)),
        denied=tuple(one(DENIED)),
        resolved=tuple(one(RESOLVED)),
        shuffled=int(rng.random() < SHUFFLED),
        misspelt=int(rng.random() < MISSPELT),
        added=int(rng.random() < ADDED),
    )


def _repeats(reports: list[Report], least: int) -> list[Report]:
    """More studies of the reports of a finding that has fewer than `least`."""
    count = Counter(f for r in reports for f in r.findings)
    more = []
    for finding in FINDINGS:
        pool = [r for r in reports if finding in r.findings]
        for k in range(max(least - count[finding], 0)):
            report = pool[k % len(pool)]
            more.append(report)
            count.update(report.findings)
    return more
