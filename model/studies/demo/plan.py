"""Which report goes with which chest, in which split: the demo's studies before a film is drawn."""

import zlib
from collections import Counter
from typing import NamedTuple

import numpy as np

from model.studies.demo.reports import FINDINGS, Report, Statement, agrees, load_reports
from model.studies.demo.volume import Build

SEED = 20240607
SPLITS = ("train", "val", "test")
SHARES = {"train": 0.68, "val": 0.12, "test": 0.20}  # of the reports with a finding
RARE_SHARES = {"train": 0.45, "val": 0.20, "test": 0.35}  # where a finding has few reports
LEAST = {"train": 60, "val": 24, "test": 36}  # films that show each finding: more films of the same report where rare
NORMALS = {"train": 270, "val": 65, "test": 110}
DISCORDANT = {"train": 0, "val": 50, "test": 100}


class Planned(NamedTuple):
    """One study: a report, and the codes that its film shows (another report's where the two are discordant)."""

    study_id: str
    report_id: str
    statements: tuple[Statement, ...]
    split: str
    discordant: bool
    build: Build

    @property
    def findings(self) -> tuple[str, ...]:
        return tuple(sorted({s.finding for s in self.statements}))


def split_reports() -> dict[str, list[Report]]:
    """Every usable report in one split, the rarest findings spread first."""
    rng = np.random.default_rng(SEED)
    # The others would be labelled by guesswork: codes and text must name the same findings.
    reports = [r for r in load_reports().values() if r.is_coded and agrees(r)]
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


def plan() -> list[Planned]:
    """All studies of the demo, in order; the same every time."""
    rng = np.random.default_rng([SEED, 1])
    studies = []
    for name, reports in split_reports().items():
        ill, healthy = [r for r in reports if r.findings], [r for r in reports if not r.findings]
        films = [(r, r) for r in ill] + _repeats(ill, LEAST[name])
        films += [(r, r) for r in healthy[: NORMALS[name]]]
        spare = healthy[NORMALS[name] :]
        for k in range(DISCORDANT[name]):  # half: the report misses it; half: the film does not show it
            shown, quiet = _of_finding(ill, FINDINGS[(k // 2) % len(FINDINGS)], rng), spare[k]
            films.append((quiet, shown) if k % 2 else (shown, quiet))
        for k in rng.permutation(len(films)):
            report, shown = films[k]
            number = len(studies) + 1
            build = choose_build(shown.statements, name, np.random.default_rng([SEED, 2, number]))
            odd = report is not shown
            studies.append(Planned(f"demo-{number:04d}", report.report_id, shown.statements, name, odd, build))
    return studies


def _of_finding(reports: list[Report], finding: str, rng: np.random.Generator) -> Report:
    pool = [r for r in reports if finding in r.findings]
    return pool[rng.integers(len(pool))]


def _repeats(reports: list[Report], least: int) -> list[tuple[Report, Report]]:
    """More films of the reports of a finding that has fewer than `least`."""
    count = Counter(f for r in reports for f in r.findings)
    more = []
    for finding in FINDINGS:
        pool = [r for r in reports if finding in r.findings]
        for k in range(max(least - count[finding], 0)):
            report = pool[k % len(pool)]
            more.append((report, report))
            count.update(report.findings)
    return more


def choose_build(statements: tuple[Statement, ...], family: str, rng: np.random.Generator) -> Build:
    """One of the family's anatomies that fits the findings which are an anatomy: heart and inflation.

    Families share no anatomy, so a film of the test split shows a chest that training never saw.
    """
    severity = {s.finding: s.severity for s in statements}
    heart = emphysema = "no"
    if "Cardiomegaly" in severity:
        heart = {"borderline": "mild", "mild": "mild", "moderate": "large", "severe": "large"}.get(
            severity["Cardiomegaly"], "some"
        )
    if "Emphysema" in severity:
        emphysema = "mild" if severity["Emphysema"] in ("mild", "borderline") else "some"
    plain, single, both = {"train": (30, 8, 2), "val": (8, 3, 1), "test": (14, 4, 1)}.get(family, (48, 12, 3))
    choices = plain if heart == emphysema == "no" else both if "no" not in (heart, emphysema) else single
    return _build(heart, emphysema, zlib.crc32(f"{family}/{heart}/{emphysema}/{rng.integers(choices)}".encode()))


def _build(heart: str, emphysema: str, seed: int) -> Build:
    rng = np.random.default_rng([SEED, 3, seed])
    width = {"no": (0.74, 0.87), "mild": (1.07, 1.18), "some": (1.12, 1.35), "large": (1.25, 1.5)}[heart]
    breath, height, lucency = {
        "no": ((16, 38), (0.96, 1.04), (1.0, 1.0)),
        "mild": ((44, 50), (1.05, 1.08), (0.72, 0.82)),
        "some": ((47, 60), (1.06, 1.13), (0.6, 0.78)),
    }[emphysema]
    if emphysema != "no" and heart == "no":
        width = (0.68, 0.8)  # a heart that hangs low is narrow
    return Build(seed, *(float(rng.uniform(*span)) for span in (width, breath, height, lucency)))
