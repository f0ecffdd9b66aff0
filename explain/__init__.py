"""Why it decided: every explanation of an encoded case, at every β.

The encoders do not depend on β. What does is the small graph from the pooled vectors on, and it is smooth in β: its
values at a few Chebyshev nodes say everything between them.
"""

from explain.base import Attribution, Question, Superseded
from explain.discordance import Discordance, discordance
from explain.every_beta import DEFAULT, INSTANT, Evidence, evidence
from explain.methods import Method, methods
from explain.nodes import NODES, interpolate

__all__ = [
    "DEFAULT",
    "INSTANT",
    "NODES",
    "Attribution",
    "Discordance",
    "Evidence",
    "Method",
    "Question",
    "Superseded",
    "discordance",
    "evidence",
    "interpolate",
    "methods",
]
