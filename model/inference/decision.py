"""What a model reports, given its probabilities. Every place that decides asks here."""

import numpy as np
from jaxtyping import Bool, Float

THRESHOLD = 0.5


def decided(p: Float[np.ndarray, "*axes findings"], single: bool) -> Bool[np.ndarray, "*axes findings"]:
    """The findings that are reported.

    Args:
        p: probabilities in [0, 1].
        single: the model chooses one finding: the likeliest, of equally likely ones the first. Otherwise every finding
            from THRESHOLD on is reported.
    """
    if not single:
        return p >= THRESHOLD
    return np.arange(p.shape[-1]) == p.argmax(-1, keepdims=True)
