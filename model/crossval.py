"""Cross-validation over patients: each study is judged by a network that saw neither it nor its patient.

Where studies are few, a split for validation and one for the test cost a third of them, and what they measure is mostly
chance. Every study then serves both: for the measurement once, for the training of the delivered model always.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from sklearn.model_selection import StratifiedGroupKFold

from model.arrays import StudyArrays
from model.data import Study
from model.errors import TrainingError
from model.network import Network, allowed_beta
from model.scored import BETAS
from model.train import pool_arrays


class Fold(NamedTuple):
    """Rows of the studies to train on, and of those to judge."""

    train: np.ndarray
    held_out: np.ndarray


def folds(studies: tuple[Study, ...], count: int, seed: int) -> list[Fold]:
    """Cut studies into folds with no patient in two, each with about its share of every finding.

    Raises:
        TrainingError: there is but one fold, or there are fewer patients than folds.
    """
    patients = np.array([s.patient_id for s in studies])
    if not 2 <= count <= len(set(patients)):
        raise TrainingError(
            f"{count} folds were asked for; {len(set(patients))} patients allow 2 up to as many as that."
        )
    often = Counter(name for s in studies for name in s.labels)
    rarest = np.array([min(s.labels, key=lambda n: (often[n], n), default="") for s in studies])
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return [Fold(*rows) for rows in splitter.split(rarest, rarest, patients)]


@torch.no_grad()
def judge(network: Network, data: StudyArrays) -> Float[np.ndarray, "betas n findings"]:
    """Logits of studies at each β of BETAS."""
    image, report = network.eval().embed(pool_arrays(network, data))
    has = torch.from_numpy(data.has).to(image.device)
    return np.stack([network.decide(image, report, allowed_beta(has, b)).cpu().numpy() for b in BETAS])


def out_of_fold(
    data: StudyArrays, cut: list[Fold], trained: Callable[[int, StudyArrays], Network]
) -> Float[np.ndarray, "betas n findings"]:
    """The logits that each study gets from the network of the fold that held it out.

    Args:
        trained: a network trained on these studies; its first argument numbers the fold.
    """
    logits = np.zeros((len(BETAS), len(data), data.labels.shape[1]), np.float32)
    for number, fold in enumerate(cut):
        logits[:, fold.held_out] = judge(trained(number, data.rows(fold.train)), data.rows(fold.held_out))
    return logits
