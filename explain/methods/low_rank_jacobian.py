"""Gradients through an encoder at every β, for the price of a few backward passes.

Two β differ only in the vector that the encoder's Jacobian is multiplied with, ∂logit/∂pooled. At one input these
vectors hardly leave a space of a few dimensions, so the Jacobian is multiplied with a basis of that space instead: the
leading eigenvectors of the vectors' Gram matrix, the best basis of its size (Eckart and Young, Psychometrika 1, 1936).
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

# Of its length, a vector may lose so much at any β: near β = 1, where all gradients of the report are small, its words
# are compared with each other as well. A dropped component may be what the encoder responds to most: so AT_LEAST.
TOLERANCE, AT_LEAST = 0.005, 4
TINY = 1e-30


def pull_back(
    pooled: Float[Tensor, "points channels"],
    inputs: Float[Tensor, "points *shape"],
    cotangents: Float[Tensor, "points betas channels"],
    fold: Callable[[Tensor], Float[Tensor, "points *units"]],
    tolerance: float = TOLERANCE,
) -> Float[Tensor, "points betas *units"]:
    """`fold` of cotangent · ∂pooled/∂inputs at each point and β.

    Args:
        pooled: what the encoder made of `inputs`, with its graph; points do not mix.
        fold: linear, from gradients at the inputs to what is asked of each unit.
        tolerance: see `factor`.
    """
    coefficients, basis = factor(cotangents, tolerance)
    rows = [fold(torch.autograd.grad(pooled, inputs, b, retain_graph=True)[0]) for b in basis.unbind(1)]
    return torch.einsum("pbk,pk...->pb...", coefficients, torch.stack(rows, 1))


def factor(
    vectors: Float[Tensor, "points betas channels"], tolerance: float
) -> tuple[Float[Tensor, "points betas k"], Float[Tensor, "points k channels"]]:
    """Coefficients and basis whose product is `vectors`, each within `tolerance` of its length."""
    lengths = vectors.norm(dim=-1, keepdim=True)
    unit = (vectors / lengths.clamp_min(TINY)).double()  # small eigenvalues drown in the rounding of 32 bits
    values, eigenvectors = torch.linalg.eigh(unit @ unit.transpose(1, 2))  # ascending
    # What each vector loses, squared, when the eigenvectors up to that one are left out.
    lost = (values.clamp_min(0)[:, None] * eigenvectors**2).cumsum(-1)
    k = max(int((lost > tolerance**2).any(1).sum(-1).max()), AT_LEAST)
    leading = eigenvectors[..., -k:]
    return (leading * lengths).to(vectors.dtype), (leading.transpose(1, 2) @ unit).to(vectors.dtype)
