"""What a model says of studies it did not learn from, at every β: what it is measured and calibrated with."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from model.data import Study, label_matrix
from model.network import Network

BETAS = tuple(np.linspace(0, 1, 21).round(2).tolist())


class Scored(NamedTuple):
    """Studies that no training saw, and their logits at each β of BETAS before they are divided by a temperature.

    `has` says which modality a study has; without one it stays with the other at every β.
    """

    studies: tuple[Study, ...]
    has: Float[np.ndarray, "n 2"]
    logits: Float[np.ndarray, "betas n findings"]

    def labels(self, findings: tuple[str, ...]) -> Float[np.ndarray, "n findings"]:
        """1 where a study has a finding, 0 elsewhere."""
        return label_matrix(self.studies, findings)

    @torch.no_grad()
    def probabilities(self, network: Network) -> Float[np.ndarray, "betas n findings"]:
        """Probabilities at each β, with the network's temperature."""
        temperature = network.temperature(torch.tensor(BETAS)[:, None].to(network.log_temperature)).cpu().numpy()
        return network.probabilities(torch.from_numpy(self.logits / temperature[..., None])).numpy()

    def where(self, keep: np.ndarray) -> "Scored":
        """Some of the studies: those where `keep` is true."""
        kept = tuple(s for s, k in zip(self.studies, keep, strict=True) if k)
        return Scored(kept, self.has[keep], self.logits[:, keep])
