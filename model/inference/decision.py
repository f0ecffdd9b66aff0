"""What a model reports, given its probabilities. Every place that decides asks here."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from model.config import SINGLE_LABEL

THRESHOLD = 0.5


def decided(p: Float[np.ndarray, "*axes findings"], problem_type: str) -> Bool[np.ndarray, "*axes findings"]:
    """The findings that are reported.

    Args:
        p: probabilities in [0, 1].
        problem_type: the model's, see `Config`. A single-label model reports one finding: the likeliest, of equally
            likely ones the first. A multi-label model reports every finding from THRESHOLD on.
    """
    if problem_type != SINGLE_LABEL:
        return p >= THRESHOLD
    return np.arange(p.shape[-1]) == p.argmax(-1, keepdims=True)


def reported(p: Float[np.ndarray, "findings"], findings: Sequence[str], problem_type: str) -> list[str]:
    """The names of the findings that are reported, in the order of `findings`; the arguments are those of `decided`."""
    return [name for name, yes in zip(findings, decided(p, problem_type), strict=True) if yes]
