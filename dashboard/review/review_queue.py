"""The queue of one reviewer: the studies most worth a look that they have not judged yet."""

from dashboard.page.context import Context
from explain.cohort.worklist import Candidate
from model.errors import FeedbackError
from model.feedback import standing


def unjudged(ctx: Context, reviewer: str) -> list[Candidate]:
    """The worklist without what this reviewer has judged; whole where the verdicts cannot be read."""
    try:
        judged = {flag.study_id for flag in standing(ctx.feedback.rows()) if flag.reviewer == reviewer}
    except FeedbackError:
        judged = set()
    return [candidate for candidate in ctx.reference_cache.worklist() if candidate.study_id not in judged]
