"""f = W·[β·v ; (1−β)·t] + b: the two embeddings side by side, each with its weight, and a linear map of both.

Each modality has a map of its own, where the weighted mean has one for both, and 2·width² parameters to learn it with.
The map is linear: which of the two to trust in a case is left to the head. The bias is there at every β.

Ngiam et al., "Multimodal Deep Learning", ICML 2011; the commonest fusion of images and records according to Huang et
al., npj Digital Medicine 3, 2020. The weights β and 1−β before the map are ours.
"""

import torch
from torch import nn

from model.network.layers import Beta, Embedding


class Fusion(nn.Module):
    """A linear map of both embeddings."""

    def __init__(self, width: int):
        super().__init__()
        self.linear = nn.Linear(2 * width, width)

    def forward(self, image: Embedding, report: Embedding, beta: Beta) -> Embedding:
        return self.linear(torch.cat([beta * image, (1 - beta) * report], 1))
