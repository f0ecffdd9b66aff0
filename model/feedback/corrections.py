"""From verdicts to labels: what the reviewers of a study, taken together, say of each finding.

The rule, per study and finding: of each reviewer the latest standing verdict counts. "Disagree" votes for the labels it
was corrected to, "agree" for what the model showed (see `agreement.judged`), "unsure" not at all. The majority is the
label; a tie changes nothing. Verdicts without a name are of one reviewer.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from model.agreement import judged
from model.config import SINGLE_LABEL
from model.data import Study, StudyTable
from model.feedback import Flag, standing
from model.feedback.cells import escape


class Correction(NamedTuple):
    """What the reviewers say of one study, and where they say that the model must not look."""

    study_id: str
    labels: dict[str, bool]  # of the findings that a majority decides; agreeing with the table is a correction too
    reviewers: int  # whose verdict votes
    tied: tuple[str, ...]  # findings on which they are evenly split
    report: str  # that `wrong_words` are places in
    wrong_regions: tuple[tuple[float, float, float, float], ...]  # top, left, height, width in fractions of the film
    wrong_words: tuple[tuple[int, int], ...]  # characters of the report, from and up to


def corrections(flags: Iterable[Flag], findings: tuple[str, ...], problem_type: str) -> dict[str, Correction]:
    """The corrections of studies by their id, in the order of their first verdict. Verdicts on uploads, which no table
    holds, are left out.

    Args:
        flags: all that were saved, in the order of saving; those that were taken back do not count.
        findings: of the model that is to learn; a verdict votes on those of them that were shown.
        problem_type: single-label: a verdict that names no finding, or several, does not vote.
    """
    latest: dict[str, dict[str, Flag]] = defaultdict(dict)
    for flag in standing(flags):
        if flag.study_id:
            latest[flag.study_id][flag.reviewer] = flag
    single = problem_type == SINGLE_LABEL
    return {study_id: _resolve(study_id, list(by.values()), findings, single) for study_id, by in latest.items()}


def corrected_labels(labels: frozenset[str], correction: Correction) -> frozenset[str]:
    """The labels of a study once it is corrected: as they were where the reviewers decide nothing."""
    kept = {f for f in labels if f not in correction.labels}
    return frozenset(kept | {f for f, yes in correction.labels.items() if yes})


def relabelled(studies: Iterable[Study], found: dict[str, Correction]) -> tuple[Study, ...]:
    """Studies with the labels that reviewers gave them."""
    known = ((study, found.get(study.study_id)) for study in studies)
    return tuple(s._replace(labels=corrected_labels(s.labels, c)) if c else s for s, c in known)


def fine_tuning_set(table: StudyTable, found: dict[str, Correction]) -> str:
    """What fine-tuning would learn of the table's studies, as CSV: labels corrected and as they were, joined by `|`."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(("study_id", "split", "label", "label_before", "reviewers", "tied"))
    known = {s.study_id: s for s in table.studies}
    for correction in found.values():
        if study := known.get(correction.study_id):
            labels = (corrected_labels(study.labels, correction), study.labels, correction.tied)
            label, before, tied = ("|".join(sorted(names)) for names in labels)
            row = (study.study_id, study.split, label, before, str(correction.reviewers), tied)
            writer.writerow(map(escape, row))
    return lines.getvalue()


def _resolve(study_id: str, flags: list[Flag], findings: tuple[str, ...], single: bool) -> Correction:
    votes: dict[str, list[bool]] = defaultdict(list)
    voters = 0
    for flag in flags:
        said = judged(flag, single)
        if said is None or (single and len(said) != 1):
            continue
        voters += 1
        for finding in findings:
            if finding in flag.probabilities:
                votes[finding].append(finding in said)
    labels = {f: sum(v) * 2 > len(v) for f, v in votes.items() if sum(v) * 2 != len(v)}
    if single and sum(labels.values()) != 1:
        labels = {}  # three reviewers, three findings: nobody has the majority
    newest = flags[-1]
    return Correction(
        study_id=study_id,
        labels=labels,
        reviewers=voters,
        tied=tuple(f for f, v in votes.items() if sum(v) * 2 == len(v)),
        report=newest.report,
        wrong_regions=tuple(dict.fromkeys(box for flag in flags for box in flag.wrong_regions)),
        wrong_words=tuple(dict.fromkeys(span for f in flags if f.report == newest.report for span in f.wrong_words)),
    )
