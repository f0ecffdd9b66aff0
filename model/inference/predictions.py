"""What a model says of studies it did not learn from, at every β: what it is measured and calibrated with."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from model.data import Study, StudyTable, label_matrix
from model.engine import Engine
from model.kept import Arrays, read_arrays
from model.network import Network
from model.reference import Reference, logits_at

NAME = "out_of_fold"
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

    def probabilities(self, network: Network) -> Float[np.ndarray, "betas n findings"]:
        """Probabilities at each β, with the network's temperature."""
        return network.probabilities(torch.from_numpy(self.logits / _temperature(network))).numpy()

    def arrays(self, table: StudyTable) -> Arrays:
        """All of it, with the places of the studies in their table."""
        place = {s.study_id: i for i, s in enumerate(table.studies)}
        rows = np.array([place[s.study_id] for s in self.studies], np.int32)
        return {"rows": rows, "has": self.has, "logits": self.logits}

    def concordant(self) -> "Scored":
        """Those whose one label judges both their parts."""
        return self.where(np.array([not s.discordant for s in self.studies], bool))

    def where(self, keep: np.ndarray) -> "Scored":
        """Some of the studies: those where `keep` is true."""
        kept = tuple(s for s, k in zip(self.studies, keep, strict=True) if k)
        return Scored(kept, self.has[keep], self.logits[:, keep])


def score(engine: Engine, reference: Reference, studies: tuple[Study, ...]) -> Scored:
    """What an engine says of studies of its reference."""
    rows = reference.rows(studies)
    logits = np.stack([logits_at(engine, reference, beta, rows) for beta in BETAS])
    return Scored(studies, reference.has[rows], logits * _temperature(engine.network))


def read_out_of_fold(engine: Engine, table: StudyTable, studies: tuple[Study, ...]) -> Scored | None:
    """What was said of these studies in cross-validation, where the engine's network has learnt from all of its table;
    None where it has not, or the table is another one."""
    arrays = engine.folder and read_arrays(engine.folder / f"{NAME}.safetensors", table)
    if not arrays:
        return None
    every = Scored(tuple(table.studies[i] for i in arrays["rows"]), arrays["has"], arrays["logits"])
    wanted = {s.study_id for s in studies}
    return every.where(np.array([s.study_id in wanted for s in every.studies], bool))


@torch.no_grad()
def _temperature(network: Network) -> Float[np.ndarray, "betas 1 1"]:
    betas = torch.tensor(BETAS, device=network.log_temperature.device)[:, None]
    return network.temperature(betas)[..., None].cpu().numpy()
