"""What is known of a demo study: the outline of a finding on its film, and the words that state it."""

from dashboard.payload import Truth
from dashboard.session import OpenCase
from explain import Evidence
from model.data import StudyTable


def known_truth(table: StudyTable, case: OpenCase, evidence: Evidence) -> Truth | None:
    """The truth of the explained finding; None where none is known.

    The outline is given only while the film is the study's own, and words only while the report is.
    """
    if not table.is_demo or case.study is None:
        return None
    from model.demo import truth  # the demo's files are read only where the demo is shown

    known = truth(case.study.study_id)
    spans = known.sentences.get(evidence.finding, []) if case.report == case.study.report else []
    stating = tuple(
        i for i, word in enumerate(evidence.words) if any(start <= word.start < end for start, end in spans)
    )
    erased = any(change.kind == "erase" for change in case.changes)
    return Truth(None if erased else known.masks.get(evidence.finding), stating)
