"""Cases after the encoders, side by side."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from model.inference.engine import Engine
from model.network.encoders.report import Tokens, pool_pieces
from model.network.network import Pooled, allowed_beta
from model.network.preprocess import Box


class Case(NamedTuple):
    """A film as the encoder sees it, a report, or both."""

    square: Float[np.ndarray, "side side"] | None
    box: Box | None  # the film inside the square
    report: str  # "" where there is none


class Batch(NamedTuple):
    """Encoded cases. Where one lacks a modality, its pooled vector is zero and its β is 0 or 1."""

    engine: Engine
    has: Float[Tensor, "cases 2"]  # 1 where a case has an image and where it has a report
    features: Float[Tensor, "cases channels rows cols"]
    tokens: Tokens
    hidden: Float[Tensor, "cases pieces report_channels"]
    pooled: Pooled
    beta: Float[Tensor, "cases 1"]
    index: Int[Tensor, "cases 1"]  # of the finding to explain
    probabilities: Float[Tensor, "cases findings"]

    def logits(self, pooled: Pooled, rows: Int[Tensor, "n"]) -> Float[Tensor, "n"]:
        """The logit to explain for variants of these cases, each at the β of its case."""
        network = self.engine.network
        return network.log_odds(network(pooled, self.beta[rows])).gather(1, self.index[rows])[:, 0]


@torch.no_grad()
def encode_cases(engine: Engine, cases: list[Case], beta: float, finding: str | None) -> Batch:
    """Run both encoders over cases. Reports are padded to the longest.

    Args:
        beta: in [0, 1]; taken as each case allows it.
        finding: or None for the most probable one of each case.

    Raises:
        ChoiceError: the model does not know the finding.
    """
    network, device = engine.network, engine.device
    has = torch.tensor([[c.square is not None, bool(c.report)] for c in cases], dtype=torch.float32, device=device)
    blank = np.zeros((engine.config.image_size, engine.config.image_size), np.float32)
    squares = np.stack([blank if c.square is None else c.square for c in cases])[:, None]
    features = network.feature_map(torch.from_numpy(squares).to(device))
    tokens = Tokens(*(t.to(device) for t in network.report_encoder.tokenize([c.report for c in cases])))
    hidden = network.report_encoder(network.report_encoder.embed(tokens.ids), tokens.mask)
    pooled = Pooled(network.pool_map(features) * has[:, :1], pool_pieces(hidden, tokens.mask) * has[:, 1:])
    betas = allowed_beta(has, beta)
    probabilities = network.probabilities(network(pooled, betas))
    index = probabilities.argmax(1) if finding is None else torch.full_like(has[:, 0], engine.finding_index(finding))
    return Batch(engine, has, features, tokens, hidden, pooled, betas, index.long()[:, None], probabilities)
