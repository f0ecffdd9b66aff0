"""How the image's and the report's embeddings become one, at a weight β of the image.

A fusion is a class here, named in `FUSIONS`, that maps two embeddings and β to a fused embedding.
"""

from jaxtyping import Float
from torch import Tensor, nn


class Projection(nn.Module):
    """LN(P · x): both modalities end on one scale, so that β means what it says."""

    def __init__(self, channels: int, width: int, dropout: float):
        super().__init__()
        self.linear = nn.Linear(channels, width)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, pooled: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch width"]:
        return self.norm(self.linear(self.dropout(pooled)))


class WeightedFusion(nn.Module):
    """f = β·v + (1-β)·t."""

    def forward(
        self,
        image: Float[Tensor, "batch width"],
        report: Float[Tensor, "batch width"],
        beta: Float[Tensor, "batch 1"],
    ) -> Float[Tensor, "batch width"]:
        return beta * image + (1 - beta) * report


class ResidualHead(nn.Module):
    """logits = W(f + α·MLP(f))."""

    def __init__(self, width: int, findings: int, alpha: float, dropout: float):
        super().__init__()
        self.alpha = alpha
        # GELU, not ReLU: a logit is then smooth in β, and a few β nodes say everything between them.
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width))
        self.out = nn.Linear(width, findings)

    def forward(self, fused: Float[Tensor, "batch width"]) -> Float[Tensor, "batch findings"]:
        return self.out(fused + self.alpha * self.mlp(fused))


FUSIONS = {"weighted": WeightedFusion}
