"""What one reviewer has judged so far, and the queue of what is most worth a look."""

from dashboard.page.context import Context
from dashboard.review.case_picker import Question, Reader, offered_cases
from dashboard.serving.session import Session
from model.errors import FeedbackError
from model.feedback import standing


def cases_for(ctx: Context, session: Session, question: Question) -> str:
    """The value of the picker for this reader."""
    reader = Reader(session.reviewer or str(session.page), session.blind, judged_by(ctx, session.reviewer))
    cache = ctx.reference_cache
    return offered_cases(ctx.table, question, reader, cache.probabilities, cache.worklist)


def judged_by(ctx: Context, reviewer: str) -> dict[str, str]:
    """A reviewer's verdicts that stand, by study; none where the verdicts cannot be read."""
    try:
        return {flag.study_id: flag.verdict for flag in standing(ctx.feedback.rows()) if flag.reviewer == reviewer}
    except FeedbackError:
        return {}
