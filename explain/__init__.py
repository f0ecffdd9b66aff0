"""Why it decided: every explanation of an encoded case, at every β. It knows models and no page.

The encoders do not depend on β. What does is the small graph from the pooled vectors on, and it is smooth in β: its
values at a few Chebyshev nodes say everything between them.
"""

from explain.every_beta.discordance import Discordance, discordance
from explain.every_beta.evidence import DEFAULT, INSTANT, Evidence, evidence, evidence_at
from explain.every_beta.nodes import NODES, interpolate
from explain.methods.base import Attribution, Batch, Cancelled, Question
from explain.methods.registry import Method, methods_of

__all__ = [
    "DEFAULT",
    "INSTANT",
    "NODES",
    "Attribution",
    "Batch",
    "Cancelled",
    "Discordance",
    "Evidence",
    "Method",
    "Question",
    "discordance",
    "evidence",
    "evidence_at",
    "interpolate",
    "methods_of",
]
