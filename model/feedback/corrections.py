"""From verdicts to labels: what the reviewers of a study, taken together, say of each finding.

The rule, per study and finding: of each reviewer the latest standing verdict counts. "Disagree" votes for the labels it
was corrected to, "agree" for what the model showed (see `agreement.reviewer_labels`), "unsure" not at all. The majority
is the label; a tie changes nothing. Verdicts without a name are of one reviewer.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model.config import SINGLE_LABEL
from model.feedback import Flag, standing
from model.feedback.agreement import latest_of_each, reviewer_labels
from model.feedback.record import FindingBox
from model.storage.spreadsheet import escape
from model.studies.names import first_few, tidy
from model.studies.table import Study, StudyTable

NAMED = 5  # studies, or findings that a model does not know, in a sentence
# Why a corrected study teaches nothing, where it is not for the split that it lies in.
ABSENT, DISCORDANT, UNDECIDED = "absent", "discordant", "undecided"


class Correction(NamedTuple):
    """What the reviewers say of one study, and where they say that the model must look, and must not."""

    study_id: str
    labels: dict[str, bool]  # of the findings that a majority decides; agreeing with the table is a correction too
    reviewers: int  # whose verdict votes
    tied: tuple[str, ...]  # findings on which they are evenly split
    report: str  # that `wrong_words` are places in
    wrong_regions: tuple[tuple[float, float, float, float], ...]  # top, left, height, width in fractions of the film
    wrong_words: tuple[tuple[int, int], ...]  # characters of the report, from and up to
    # The finding, and where it is: as in wrong_regions. None of a finding that the majority says is absent.
    finding_boxes: tuple[FindingBox, ...] = ()


class Untaught(NamedTuple):
    """A corrected study that teaches nothing."""

    study_id: str
    why: str  # the split that it lies in; or ABSENT, DISCORDANT (image and report) or UNDECIDED (the reviewers)
    may_be: str = ""  # of an absent one: the study of the table whose id a spreadsheet may have changed to this


def corrections(flags: Iterable[Flag], findings: tuple[str, ...], problem_type: str) -> dict[str, Correction]:
    """The corrections of studies by their id, in the order of their first verdict. Verdicts on uploads, which no table
    holds, are left out.

    Args:
        flags: all that were saved, in the order of saving; those that were taken back do not count.
        findings: of the model that is to learn; a verdict votes on those of them that were shown.
        problem_type: single-label: a verdict that names no finding, or several, does not vote.
    """
    latest = latest_of_each(flag for flag in standing(flags) if flag.study_id)
    return {study_id: _resolve(study_id, list(by.values()), findings, problem_type) for study_id, by in latest.items()}


def corrected_labels(labels: frozenset[str], correction: Correction) -> frozenset[str]:
    """The labels of a study once it is corrected: as they were where the reviewers decide nothing."""
    return frozenset(f for f in labels | correction.labels.keys() if correction.labels.get(f, True))


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


def untaught(
    corrected: dict[str, Correction], taught: Mapping[str, Correction], table: StudyTable
) -> tuple[Untaught, ...]:
    """The corrected studies that teach nothing, and why, in the order of their first verdict.

    Args:
        corrected: as `corrections` has them.
        taught: those of studies that are taught.
    """
    known = {s.study_id: s for s in table.studies}
    alike = {_bare(study_id): study_id for study_id in known}
    found = []
    for study_id, correction in corrected.items():
        study = known.get(study_id)
        if study is None:
            found.append(Untaught(study_id, ABSENT, alike.get(_bare(study_id), "")))
        elif study.discordant:
            found.append(Untaught(study_id, DISCORDANT))
        elif study_id not in taught:
            found.append(Untaught(study_id, study.split))
        elif not correction.labels:
            found.append(Untaught(study_id, UNDECIDED))
    return tuple(found)


def unknown_findings(flags: Iterable[Flag], findings: tuple[str, ...]) -> tuple[str, ...]:
    """What standing verdicts name, and the model that is to learn does not know."""
    named = {
        name
        for flag in standing(flags)
        for name in (*flag.probabilities, *flag.corrected_labels, *(finding for finding, *_ in flag.finding_boxes))
    }
    return tuple(sorted(named - set(findings)))


def in_words(studies: Iterable[Untaught], findings: tuple[str, ...]) -> list[str]:
    """Why corrected studies, and findings that the model does not know, teach nothing: a clause for each reason, with
    the first few studies by name."""
    why = {
        UNDECIDED: ("is one on which reviewers are unsure or split", "are such on which reviewers are unsure or split"),
        DISCORDANT: ("states different truths in image and report", "state different truths in image and report"),
        ABSENT: ("is not in the table", "are not in the table"),
    }
    by_reason = defaultdict(list)
    for study in studies:
        by_reason[study.why].append(study)
    said = []
    for reason, some in by_reason.items():
        one, many = why.get(reason, (f"lies in split {reason}", f"lie in split {reason}"))
        names = [repr(s.study_id) + (f" (perhaps {s.may_be!r})" if s.may_be else "") for s in some]
        said.append(f"{len(some):,} {one if len(some) == 1 else many}: {first_few(names, NAMED)}")
    if findings:
        said.append(f"the model does not know what verdicts call {', '.join(map(repr, findings[:NAMED]))}")
    return said


def _bare(study_id: str) -> str:
    return tidy(study_id).casefold().lstrip("0").removesuffix(".0")


def _resolve(study_id: str, flags: list[Flag], findings: tuple[str, ...], problem_type: str) -> Correction:
    single = problem_type == SINGLE_LABEL
    votes: dict[str, list[bool]] = defaultdict(list)
    voters = 0
    for flag in flags:
        said = reviewer_labels(flag, problem_type)
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
        finding_boxes=tuple(
            dict.fromkeys(box for flag in flags for box in flag.finding_boxes if labels.get(box[0], True))
        ),
    )
