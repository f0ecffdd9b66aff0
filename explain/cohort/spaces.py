"""The spaces in which studies can be near one another: what they have in common by image, by report, or by both.

`fused` is what the head decides from and alone depends on β; `image` and `report` are the two embeddings it blends;
`pooled` is what the encoders say before the model's projections, both modalities end to end.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float

from model.inference.embeddings import PooledStudies, Reference
from model.inference.encoding import Encoded
from model.inference.engine import Engine
from model.network.network import allowed_beta

FUSED, IMAGE, REPORT, POOLED = SPACES = "fused", "image", "report", "pooled"


class Vectors:
    """The reference studies, and any case, as vectors in each space.

    Args:
        pooled: asked for the pooled vectors of the studies when that space is first looked at; None where it never is.
    """

    def __init__(self, engine: Engine, reference: Reference, pooled: Callable[[], PooledStudies] | None = None):
        self.engine = engine
        self.reference = reference
        self._load_pooled = pooled

    def has(self, space: str) -> Bool[np.ndarray, "n"]:
        """Which studies have a place in a space: those with the modalities it is made of."""
        image, report = self.reference.has.T.astype(bool)
        return {FUSED: image | report, IMAGE: image, REPORT: report, POOLED: image & report}[space]

    @torch.no_grad()
    def of_studies(self, space: str, beta: float, rows: np.ndarray | slice = slice(None)) -> Float[np.ndarray, "n d"]:
        """Vectors of reference studies. In fused space, one that lacks a modality stays with the other."""
        if space == FUSED:
            image, report, has = (torch.from_numpy(a[rows]).to(self.engine.device) for a in self.reference[1:])
            return self.engine.network.fusion(image, report, allowed_beta(has, beta)).cpu().numpy()
        if space == POOLED:
            return self._end_to_end(self._pooled.image[rows], self._pooled.report[rows])
        return getattr(self.reference, space)[rows]

    @torch.no_grad()
    def of_case(self, encoded: Encoded, space: str, beta: float) -> Float[np.ndarray, "1 d"] | None:
        """The vector of a case; None where it lacks a modality that the space is made of."""
        network = self.engine.network
        if space == FUSED:
            betas = torch.full((1, 1), self.engine.clamp_beta(encoded, beta), device=self.engine.device)
            return network.fusion(*network.embed(encoded.pooled), betas).cpu().numpy()
        needed = (IMAGE, REPORT) if space == POOLED else (space,)
        if not set(needed) <= set(encoded.modalities):
            return None
        if space == POOLED:
            return self._end_to_end(*(part.cpu().numpy() for part in encoded.pooled))
        image, report = network.embed(encoded.pooled)
        return (image if space == IMAGE else report).cpu().numpy()

    @cached_property
    def _pooled(self) -> PooledStudies:
        assert self._load_pooled  # that space is looked at
        return self._load_pooled()

    @cached_property
    def _scales(self) -> tuple[float, float]:
        """How far the pooled vectors of each modality spread: both are to count alike."""
        both, parts = self.has(POOLED), (self._pooled.image, self._pooled.report)
        image, report = (float(np.sqrt(part[both].var(0).sum())) or 1.0 for part in parts)
        return image, report

    def _end_to_end(self, image: np.ndarray, report: np.ndarray) -> Float[np.ndarray, "n d"]:
        return np.hstack([part / scale for part, scale in zip((image, report), self._scales, strict=True)])
