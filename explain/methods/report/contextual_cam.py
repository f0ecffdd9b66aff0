"""Grad-CAM's analogue on text: the pooled report is the mean of the contextual pieces, so each has its part in it, and
that part times how the logit changes with the pooled report is the piece's contribution.

Costs nothing beside the encoding of the report: it is what is shown first. A contextual piece knows of its neighbours,
so evidence can stand on the word beside the one that caused it, or on a full stop.
"""

from explain.methods.base import Attribution, Batch
from explain.methods.pieces import score_words

TITLE = "Contextual CAM"
ORDER = 3


def explain(batch: Batch) -> list[Attribution]:
    """∂logit/∂pooled · hᵢ / T for the contextual piece hᵢ of T."""
    pieces = batch.gradient.report @ batch.hidden.mT / batch.tokens.mask.sum(1)[:, None, None]
    return score_words(batch, pieces)
