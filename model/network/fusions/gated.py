"""f = g·v + (1−g)·t with a gate g for each dimension: β, its odds tilted by what film and report say.

g = β·a / (β·a + 1−β) with a > 0 computed from v and t, so that g is 0 and 1 where β is. A case whose film is clear can
lean on its film, dimension by dimension. It learns 2·width² parameters. The odds are tilted at most e² = 7.4 times
either way, which keeps f smooth in β; and what β means differs from case to case: 0.5 is an even blend on no scale but
the gate's own.

Arevalo et al., "Gated Multimodal Units for Information Fusion", ICLR 2017 workshop; there g is a sigmoid without β.
"""

import torch
from torch import nn

from model.network.layers import Beta, Embedding, tilted


class Fusion(nn.Module):
    """A gate for each dimension."""

    def __init__(self, width: int):
        super().__init__()
        self.gate = nn.Linear(2 * width, width)

    def forward(self, image: Embedding, report: Embedding, beta: Beta) -> Embedding:
        g = tilted(beta, self.gate(torch.cat([image, report], 1)))
        return g * image + (1 - g) * report
