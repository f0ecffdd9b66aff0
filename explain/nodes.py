"""The β nodes at which explanations are computed, and what lies between them.

Polynomial interpolation at Chebyshev points of the second kind in barycentric form (Berrut & Trefethen, "Barycentric
Lagrange Interpolation", SIAM Review 46, 2004). Both ends are nodes, so β = 0 and β = 1 are exact.
"""

import numpy as np
from jaxtyping import Float
from scipy.interpolate import BarycentricInterpolator

COUNT = 9

NODES: Float[np.ndarray, "nodes"] = (1 - np.cos(np.pi * np.arange(COUNT) / (COUNT - 1))) / 2

# Every second node is a Chebyshev point too: enough for what is costly at each.
COARSE = slice(None, None, 2)


def interpolate(values: Float[np.ndarray, "nodes *shape"], beta: float) -> Float[np.ndarray, "*shape"]:
    """The value at β, in [0, 1], of what is known at the nodes."""
    return BarycentricInterpolator(NODES, values, axis=0)(beta)


def refine(values: Float[np.ndarray, "coarse *shape"]) -> Float[np.ndarray, "nodes *shape"]:
    """The values at all nodes of what is known at the coarse ones."""
    return BarycentricInterpolator(NODES[COARSE], values, axis=0)(NODES)
