"""What every method of explanation is asked, and what it answers.

What is explained is `Network.log_odds`: a finding's logit, or, where one finding is chosen, how its logit stands to
the others'. Everywhere in this package "the logit" of a finding is that, log(p / (1 − p)).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explain.methods.words import Word, split_words
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import Pooled


class Cancelled(Exception):
    """Nobody waits for this explanation any more."""


class Attribution(NamedTuple):
    """The answer of a method, in logits, at each β that was asked for.

    scores: of an image method a map (betas, rows, cols) over the square the film was fitted into, whose sum over
        cells is about what the film adds; of a report method a score for each word (betas, words).
    completeness_error: how far the scores are from adding up to the change of the logit, as a share of the largest
        change; None for a method that does not promise it.
    """

    scores: Float[np.ndarray, "betas *shape"]
    completeness_error: float | None = None


class PooledGradient(NamedTuple):
    """∂logit/∂pooled at each β, a row a β."""

    image: Float[Tensor, "betas image_channels"]
    report: Float[Tensor, "betas report_channels"]


@dataclass(frozen=True)
class Question:
    """Why a logit of an encoded case is what it is, at some β.

    Attributes:
        index: of the finding.
        betas: from 0 to 1; taken as the case allows it: all 1 without a report, all 0 without an image.
        wanted: asked between the steps of long work; where it says no, the work ends.
    """

    engine: Engine
    encoded: Encoded
    index: int
    betas: tuple[float, ...]
    wanted: Callable[[], bool] = lambda: True

    def pause(self) -> None:
        """A point at which long work can be given up.

        Raises:
            Superseded: the answer is not wanted any more.
        """
        if not self.wanted():
            raise Cancelled

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words that the report encoder read."""
        return split_words(self.encoded.report, self.encoded.read_to)

    @cached_property
    def beta(self) -> Float[Tensor, "betas 1"]:
        """Each β as the case allows it."""
        betas = [self.engine.clamp_beta(self.encoded, b) for b in self.betas]
        return torch.tensor(betas, dtype=torch.float32, device=self.engine.device)[:, None]

    @cached_property
    def gradient(self) -> PooledGradient:
        """∂logit/∂pooled at the case itself, by one backward pass through the small graph."""
        pooled = Pooled(*(p.expand(len(self.betas), -1).clone().requires_grad_() for p in self.encoded.pooled))
        with torch.enable_grad():
            # Rows do not mix, so the gradient of the sum holds the gradient of each row.
            network = self.engine.network
            total = network.log_odds(network(pooled, self.beta))[:, self.index].sum()
        return PooledGradient(*torch.autograd.grad(total, pooled))

    @torch.no_grad()
    def logits_of(
        self, image: Float[Tensor, "films image_channels"], report: Float[Tensor, "reports report_channels"]
    ) -> Float[Tensor, "betas cases findings"]:
        """What the network decides from at each β of variants of the case, given by their pooled vectors. One row
        stands for all."""
        network = self.engine.network
        embedded = torch.broadcast_tensors(network.image_projection(image), network.report_projection(report))
        return torch.stack([network.decide(*embedded, b.expand(len(embedded[0]), 1)) for b in self.beta])

    def log_odds_of(
        self, image: Float[Tensor, "films image_channels"], report: Float[Tensor, "reports report_channels"]
    ) -> Float[Tensor, "betas cases"]:
        """What is explained of the finding, at each β of the same variants."""
        return self.engine.network.log_odds(self.logits_of(image, report))[..., self.index]

    def logits_of_images(self, image: Float[Tensor, "n image_channels"]) -> Float[Tensor, "betas n"]:
        """The finding's logit at each β of other films with the report of the case."""
        return self.log_odds_of(image, self.encoded.pooled.report)

    def logits_of_reports(self, report: Float[Tensor, "n report_channels"]) -> Float[Tensor, "betas n"]:
        """The finding's logit at each β of other reports with the film of the case."""
        return self.log_odds_of(self.encoded.pooled.image, report)
