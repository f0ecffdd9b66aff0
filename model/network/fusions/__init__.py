"""How the embeddings of image and report become one, at a weight β of the image.

A fusion is a module here, found by itself, with a class `Fusion(width)` that maps v and t (batch, width) and β
(batch, 1) to a fused embedding (batch, width). It promises three things, which a test asks of each:

* at β = 1 it depends on v alone, and at β = 0 on t alone: a missing modality is an end of β, never a zero vector;
* it is smooth in β on [0, 1]: its values at the nodes of `explain.every_beta.nodes` say everything between them;
* it treats every case by itself.
"""

import importlib

from torch import nn


def fusion(name: str, width: int) -> nn.Module:
    """The fusion of that name (one of `model.config.FUSIONS`) for embeddings of a width, untrained."""
    return importlib.import_module(f"{__name__}.{name}").Fusion(width)
