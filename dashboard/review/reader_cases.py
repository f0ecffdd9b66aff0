"""What one reviewer has judged so far, and the queue of what is most worth a look."""

from dashboard.access import audit
from dashboard.page.context import Context
from dashboard.review.case_picker import DEFAULT, Question, Reader, ids_of, offered_cases
from dashboard.serving.session import Session
from model.errors import FeedbackError
from model.feedback import standing


def cases_for(ctx: Context, session: Session, question: Question = DEFAULT, where: str = "picker") -> str:
    """The value of the picker for this reader, who is about to be shown it; the audit log says so, and where.

    Raises:
        AuditError: they must not be shown it, as it cannot be written down.
    """
    reader = Reader(session.reviewer or str(session.page), session.blind, judged_by(ctx, session.reviewer))
    cache = ctx.reference_cache
    found = offered_cases(ctx.table, question, reader, cache.probabilities, cache.worklist)
    audit.record_shown(where, ids_of(found))
    return found


def judged_by(ctx: Context, reviewer: str) -> dict[str, str]:
    """A reviewer's verdicts that stand, by study; none where the verdicts cannot be read."""
    try:
        return {flag.study_id: flag.verdict for flag in standing(ctx.feedback.rows()) if flag.reviewer == reviewer}
    except FeedbackError:
        return {}
