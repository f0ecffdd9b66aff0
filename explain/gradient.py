"""The logit of one finding, differentiated with respect to the pooled vectors at each β node.

Every explanation that follows is this gradient times something that does not depend on β.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explain.nodes import NODES
from model.engine import Encoded, Engine
from model.network import Pooled


class PooledGradient(NamedTuple):
    """∂logit/∂pooled at each node, a row a node."""

    image: Float[Tensor, "nodes image_channels"]
    report: Float[Tensor, "nodes report_channels"]


def node_betas(engine: Engine, encoded: Encoded, nodes: Float[np.ndarray, "nodes"] = NODES) -> Float[Tensor, "nodes 1"]:
    """The β of each node as this case allows it: all 1 without a report, all 0 without an image."""
    betas = [engine.clamp_beta(encoded, float(b)) for b in nodes]
    return torch.tensor(betas, dtype=torch.float32, device=engine.device)[:, None]


def pooled_gradient(engine: Engine, encoded: Encoded, index: int) -> PooledGradient:
    """∂logit/∂pooled of finding `index` at each node, in one backward pass through the small graph."""
    rows = len(NODES)
    pooled = Pooled(*(p.expand(rows, -1).clone().requires_grad_() for p in encoded.pooled))
    with torch.enable_grad():
        # Rows do not mix, so the gradient of the sum holds the gradient of each row.
        total = engine.network(pooled, node_betas(engine, encoded))[:, index].sum()
    return PooledGradient(*torch.autograd.grad(total, pooled))
