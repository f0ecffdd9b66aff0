"""What every method of explanation is asked, and what it answers. One case is a batch of one.

What is explained is `Network.log_odds`: a finding's logit, or, where one finding is chosen, how its logit stands to
the others'. Everywhere in this package "the logit" of a finding is that, log(p / (1 − p)).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from explain.methods.words import Word, split_words
from model.inference.encoding import Encoded, stack_pooled
from model.inference.engine import Engine
from model.network.encoders.report import Tokens
from model.network.network import Network, Pooled


class Cancelled(Exception):
    """Nobody waits for this any more."""


class Attribution(NamedTuple):
    """The answer of a method on one case, in logits, at each β that was asked for.

    scores: of an image method a map (betas, rows, cols) over the square the film was fitted into, whose sum over
        cells is about what the film adds; of a report method a score for each word (betas, words).
    completeness_error: how far the scores are from adding up to the change of the logit, as a share of the largest
        change; None for a method that does not promise it.
    """

    scores: Float[np.ndarray, "betas *shape"]
    completeness_error: float | None = None


class PooledGradient(NamedTuple):
    """∂logit/∂pooled of each case at each β."""

    image: Float[Tensor, "cases betas image_channels"]
    report: Float[Tensor, "cases betas report_channels"]


@dataclass(frozen=True)
class Question:
    """Why a logit of an encoded case is what it is, at some β.

    Attributes:
        index: of the finding.
        betas: from 0 to 1; taken as the case allows it: all 1 without a report, all 0 without an image.
        should_continue: asked between the steps of long work; where it says no, the work ends.
    """

    engine: Engine
    encoded: Encoded
    index: int
    betas: tuple[float, ...]
    should_continue: Callable[[], bool] = lambda: True

    def pause(self) -> None:
        """A point at which long work can be given up.

        Raises:
            Cancelled: the answer is not wanted any more.
        """
        if not self.should_continue():
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

    def logits_with(self, modality: str, vectors: Float[Tensor, "n channels"]) -> Float[Tensor, "n betas findings"]:
        """What the network decides from where the pooled vector of one modality is another."""
        of = torch.zeros(len(vectors), dtype=torch.long, device=vectors.device)
        return Batch((self,)).logits_with(modality, vectors, of)

    def falls_with(self, modality: str, vectors: Float[Tensor, "n channels"]) -> Float[Tensor, "betas n"]:
        """How much the finding's logit falls where the pooled vector of one modality is another."""
        own = getattr(self.encoded.pooled, modality)
        logits = self.logits_with(modality, torch.cat([own, vectors]))
        odds = self.engine.network.log_odds(logits)[..., self.index].T
        return odds[:, :1] - odds[:, 1:]


@dataclass(frozen=True)
class Batch:
    """Questions on cases of one engine, each at as many β: what a method answers at once."""

    questions: tuple[Question, ...]

    def pause(self) -> None:
        """As of a question.

        Raises:
            Cancelled: one of the answers is not wanted any more.
        """
        for question in self.questions:
            question.pause()

    def having(self, modality: str) -> "Batch":
        """The questions on cases that have the modality."""
        some = tuple(q for q in self.questions if modality in q.encoded.modalities)
        return self if len(some) == len(self.questions) else Batch(some)

    def at(self, betas: tuple[float, ...]) -> "Batch":
        """The same questions at other β."""
        return Batch(tuple(replace(q, betas=betas) for q in self.questions))

    @property
    def network(self) -> Network:
        """The network that is explained."""
        return self.questions[0].engine.network

    @cached_property
    def index(self) -> Int[Tensor, "cases"]:
        """Of the finding, by case."""
        return torch.tensor([q.index for q in self.questions], device=self.beta.device)

    @cached_property
    def beta(self) -> Float[Tensor, "cases betas 1"]:
        """Each β as each case allows it."""
        return torch.stack([q.beta for q in self.questions])

    @cached_property
    def pooled(self) -> Pooled:
        """The vectors of the cases."""
        return stack_pooled([q.encoded for q in self.questions])

    @cached_property
    def features(self) -> Float[Tensor, "cases channels rows cols"]:
        """The feature maps; every case has a film."""
        return torch.cat([q.encoded.image_part.features for q in self.questions])

    @cached_property
    def tokens(self) -> Tokens:
        """The word pieces, padded to the longest report; every case has one."""
        parts = zip(*(q.encoded.report_part.tokens for q in self.questions), strict=True)
        return Tokens(*(pad_sequence([of_case[0] for of_case in part], batch_first=True) for part in parts))

    @cached_property
    def hidden(self) -> Float[Tensor, "cases pieces channels"]:
        """The contextual pieces, padded likewise."""
        return pad_sequence([q.encoded.report_part.hidden[0] for q in self.questions], batch_first=True)

    @cached_property
    def cell_gradient(self) -> Float[Tensor, "cases betas channels"]:
        """∂logit/∂feature, the same in every cell of a channel: the features are pooled by their mean."""
        return self.gradient.image / self.features[0, 0].numel()

    def weighted_maps(self, weights: Float[Tensor, "cases betas channels"]) -> list[Attribution]:
        """The feature maps of each case, their channels weighted and added up."""
        return [Attribution(cam) for cam in torch.einsum("nbc,ncrk->nbrk", weights, self.features).cpu().numpy()]

    @cached_property
    def gradient(self) -> PooledGradient:
        """∂logit/∂pooled at the cases themselves, by one backward pass through the small graph."""
        return self.gradient_at(self.pooled, self.each)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "cases betas findings"]:
        """Of the cases themselves, in [0, 1]."""
        return self.network.probabilities(self._own).cpu().numpy()

    @cached_property
    def every_log_odds(self) -> Float[np.ndarray, "cases betas findings"]:
        """Of the cases themselves, of every finding: what the probabilities are of, also where they round to 1."""
        return self.network.log_odds(self._own).cpu().numpy()

    @cached_property
    def each(self) -> Int[Tensor, "cases"]:
        """The places of the cases."""
        return torch.arange(len(self.questions), device=self.beta.device)

    def vectors_with(self, modality: str, vectors: Float[Tensor, "n channels"], of: Int[Tensor, "n"]) -> Pooled:
        """Variants of cases: these vectors of one modality, and the case's own of the other.

        Args:
            of: which case each is a variant of.
        """
        return Pooled(*(own[of] for own in self.pooled))._replace(**{modality: vectors})

    @torch.no_grad()
    def logits_with(
        self, modality: str, vectors: Float[Tensor, "n channels"], of: Int[Tensor, "n"]
    ) -> Float[Tensor, "n betas findings"]:
        """What the network decides from, of variants of the cases as in `vectors_with`."""
        return self._logits(self.vectors_with(modality, vectors, of), of)

    def log_odds(self, logits: Float[Tensor, "n betas findings"], of: Int[Tensor, "n"]) -> Float[Tensor, "n betas"]:
        """What is explained of the finding of each case."""
        rows = torch.arange(len(of), device=of.device)
        return self.network.log_odds(logits)[rows, :, self.index[of]]

    def gradient_at(self, pooled: Pooled, of: Int[Tensor, "n"]) -> PooledGradient:
        """∂logit/∂pooled at variants of the cases."""
        betas = self.beta.shape[1]
        # A leaf for each β. Rows do not mix, so the gradient of the sum holds the gradient of each row.
        leaf = Pooled(*(vectors.repeat_interleave(betas, 0).requires_grad_() for vectors in pooled))
        with torch.enable_grad():
            logits = self.network(leaf, self.beta[of].flatten(0, 1)).unflatten(0, (-1, betas))
            total = self.log_odds(logits, of).sum()
        return PooledGradient(*(g.unflatten(0, (-1, betas)) for g in torch.autograd.grad(total, leaf)))

    @cached_property
    @torch.no_grad()
    def _own(self) -> Float[Tensor, "cases betas findings"]:
        return self._logits(self.pooled, self.each)

    def _logits(self, pooled: Pooled, of: Int[Tensor, "n"]) -> Float[Tensor, "n betas findings"]:
        betas = self.beta.shape[1]
        image, report = (e.repeat_interleave(betas, 0) for e in self.network.embed(pooled))
        return self.network.decide(image, report, self.beta[of].flatten(0, 1)).unflatten(0, (-1, betas))
