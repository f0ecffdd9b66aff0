"""f = β·v + (1−β)·t: β is the weight of the image, and nothing else decides on it.

It has no parameters, and the share of each modality in f can be read off β. It cannot prefer the film for one case and
the report for another; the head has to live with whatever blend it is given.

The additive fusion of Kiela et al., "Efficient Large-Scale Multi-Modal Classification", AAAI 2018, with a weight.
"""

from torch import nn

from model.network.layers import Beta, Embedding


class Fusion(nn.Module):
    """The weighted mean."""

    def __init__(self, width: int):
        super().__init__()

    def forward(self, image: Embedding, report: Embedding, beta: Beta) -> Embedding:
        return beta * image + (1 - beta) * report
