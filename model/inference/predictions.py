"""Held-out logits of a table's studies over a grid of β: what a model is measured and calibrated with."""

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import expit, softmax

from model.config import SINGLE_LABEL
from model.inference.embeddings import Reference, logits_at
from model.inference.engine import Engine
from model.network.network import Network
from model.studies.table import Study, label_matrix

BETA_GRID = tuple(np.linspace(0, 1, 21).round(2).tolist())
PerFinding = Float[np.ndarray, "n findings"]  # of n studies
OverBeta = Float[np.ndarray, "betas n findings"]  # the same at each β of BETA_GRID


class Scored(NamedTuple):
    """Studies that no training saw, and their calibrated logits at each β of BETA_GRID.

    `has` says which modality a study has; without one it stays with the other at every β.
    """

    studies: tuple[Study, ...]
    has: Float[np.ndarray, "n 2"]
    logits: OverBeta

    def labels(self, findings: tuple[str, ...]) -> PerFinding:
        """1 where a study has a finding, 0 elsewhere."""
        return label_matrix(self.studies, findings)

    def probabilities(self, network: Network, betas: Sequence[float] = BETA_GRID) -> OverBeta:
        """Probabilities at each β, of BETA_GRID or of some in it."""
        return chances(self.logits[[BETA_GRID.index(b) for b in betas]], network.config.problem_type)

    def concordant(self) -> "Scored":
        """Those whose one label judges both their parts."""
        return self.where(np.array([not s.discordant for s in self.studies], bool))

    def where(self, keep: np.ndarray) -> "Scored":
        """Some of the studies: those where `keep` is true."""
        return Scored(tuple(compress(self.studies, keep)), self.has[keep], self.logits[:, keep])


def chances(logits: Float[np.ndarray, "*axes findings"], problem_type: str) -> Float[np.ndarray, "*axes findings"]:
    """Probabilities as `Network.probabilities` has them, in double precision: single precision is 1 from a logit of 17
    on, and PyTorch's last digit depends on the place in the array, which makes ties of studies and breaks them."""
    exact = logits.astype(float)
    return softmax(exact, -1) if problem_type == SINGLE_LABEL else expit(exact)


def score(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> Scored:
    """What an engine says of studies of its reference."""
    rows = reference.rows(studies)
    logits = np.stack([logits_at(engine, reference, beta, rows) for beta in BETA_GRID])
    return Scored(studies, reference.has[rows], logits)
