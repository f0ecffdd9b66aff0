"""What is known of the case on the stage: the outline of a finding on its film, and the words that state it."""

from dashboard.cases.case import OpenCase
from explain import Evidence
from explain.trust.ground_truth import Truth, truth_of
from model.studies.table import StudyTable


def known_truth(table: StudyTable, case: OpenCase, evidence: Evidence) -> Truth | None:
    """The truth of the explained finding; None where none is known.

    The outline is given only while the film is the study's own, and words only while the report is.
    """
    if case.study is None:
        return None
    known = truth_of(table, case.study, evidence.finding, evidence.words)
    if known is None:
        return None
    erased = any(change.kind == "erase" for change in case.changes)
    return Truth(None if erased else known.mask, known.words if case.report == case.study.report else ())
