"""Why it decided: every explanation of an encoded case, at every β.

The encoders do not depend on β. What does is the small graph from the pooled vectors on, and it is smooth in β: its
values at a few Chebyshev nodes say everything between them.
"""

from explain.every_beta import Evidence, evidence
from explain.nodes import NODES, interpolate

__all__ = ["NODES", "Evidence", "evidence", "interpolate"]
