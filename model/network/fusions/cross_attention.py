"""Learned queries attend to tokens of the film and tokens of the report, each modality weighted inside the softmax.

A token of the film has the attention β·exp(s), one of the report (1−β)·exp(s), divided by the sum over all: at β = 1
no query sees the report, at β = 0 none the film. Each embedding is mapped to eight tokens (fewer where eight does not
divide the width), and there are as many queries. It learns some 5·width² parameters, the most of all. The tokens are
views of one pooled vector, not words and regions: encoders are pooled before β, or no explanation could follow the
slider. How much more a query may attend to one modality than β says is bounded as in the gated fusion, for the same
reason; within a modality it is free.

Jaegle et al., "Perceiver", ICML 2021, for learned queries that attend to any modality; Vaswani et al., "Attention Is
All You Need", NeurIPS 2017. The weights β and 1−β are ours.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from model.network.layers import Beta, Embedding, tilted

TOKENS = 8


class Fusion(nn.Module):
    """Attention of learned queries over both modalities."""

    def __init__(self, width: int):
        super().__init__()
        self.tokens = math.gcd(width, TOKENS)
        self.queries = nn.Parameter(torch.empty(self.tokens, width // self.tokens))
        self.image = nn.Linear(width, 2 * width)  # keys and values
        self.report = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the queries; the linear maps draw their own."""
        nn.init.normal_(self.queries)

    def forward(self, image: Embedding, report: Embedding, beta: Beta) -> Embedding:
        of_image, mass_of_image = self._attend(self.image(image))
        of_report, mass_of_report = self._attend(self.report(report))
        # The softmax over both modalities is one within each, and one between them.
        g = tilted(beta, mass_of_image - mass_of_report)[..., None]
        return self.out((g * of_image + (1 - g) * of_report).flatten(1))

    def _attend(
        self, keys_and_values: Float[Tensor, "batch twice_width"]
    ) -> tuple[Float[Tensor, "batch tokens channels"], Float[Tensor, "batch tokens"]]:
        """What each query finds in a modality, and log Σ exp(s): how much it would attend to it."""
        keys, values = keys_and_values.unflatten(1, (2, self.tokens, -1)).unbind(1)
        scores = torch.einsum("qc,bkc->bqk", self.queries, keys) / math.sqrt(keys.shape[-1])
        return scores.softmax(-1) @ values, scores.logsumexp(-1)
