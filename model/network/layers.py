"""What stands before a fusion and after it: projections onto one scale, a tilt of the odds of β, the head."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

Embedding = Float[Tensor, "batch width"]
Beta = Float[Tensor, "batch 1"]  # the weight of the image, from 0 to 1

MOST_TILT = 2.0  # of log-odds: with more, 25 nodes of β would not say everything between them


class Projection(nn.Module):
    """LN(P · x): both modalities end on one scale, so that β means what it says."""

    def __init__(self, channels: int, width: int, dropout: float):
        super().__init__()
        self.linear = nn.Linear(channels, width)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, pooled: Float[Tensor, "batch channels"]) -> Embedding:
        return self.norm(self.linear(self.dropout(pooled)))


class LogOdds(nn.Module):
    """log(p / (1 − p)) of each finding by one modality alone: a linear classifier, whose probability is rescaled so
    that each finding's threshold t becomes ½: p / 2t below it, 1 − (1 − p) / 2(1 − t) above.

    The rescaling is torchxrayvision's (`op_norm`; Cohen et al., MIDL 2022), done here in logarithms, where a
    probability near 0 or 1 keeps its digits. It has a kink at t; before the blend, so that nothing has one in β. With
    t = ½ it changes nothing.
    """

    threshold: Float[Tensor, "findings"]

    def __init__(self, channels: int, findings: int):
        super().__init__()
        self.linear = nn.Linear(channels, findings)
        self.register_buffer("threshold", torch.full((findings,), 0.5))

    def forward(self, pooled: Float[Tensor, "batch channels"]) -> Embedding:
        logits = self.linear(pooled)
        below = F.logsigmoid(logits) - torch.log(2 * self.threshold)
        above = F.logsigmoid(-logits) - torch.log(2 * (1 - self.threshold))
        return _log_odds_of_half(below) - _log_odds_of_half(above)


def _log_odds_of_half(log_p: Tensor) -> Tensor:
    """Log-odds of exp(log_p) where that is less than ½, and 0 elsewhere."""
    log_p = log_p.clamp(max=-math.log(2))
    return log_p - torch.log1p(-log_p.exp())


def tilted(beta: Beta, log_odds: Float[Tensor, "batch units"]) -> Float[Tensor, "batch units"]:
    """β with its odds times e^(log-odds) for each unit: β·a / (β·a + 1−β), exactly 0 and 1 where β is.

    The log-odds are held within ±MOST_TILT, smoothly: the pole at β = −1 / (a − 1) stays away from [0, 1].
    """
    a = torch.exp(MOST_TILT * torch.tanh(log_odds / MOST_TILT))
    return beta * a / (beta * a + (1 - beta))


class ResidualHead(nn.Module):
    """logits = W(f + α·MLP(f))."""

    def __init__(self, width: int, findings: int, alpha: float, dropout: float):
        super().__init__()
        self.alpha = alpha
        # GELU, not ReLU: a logit is then smooth in β, and a few β nodes say everything between them.
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width))
        self.out = nn.Linear(width, findings)

    def forward(self, fused: Embedding) -> Float[Tensor, "batch findings"]:
        return self.out(fused + self.alpha * self.mlp(fused))
