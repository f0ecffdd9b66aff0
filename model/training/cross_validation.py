"""Cross-validation over patients: each study is judged by a network that saw neither it nor its patient.

Where studies are few, a split for validation and one for the test cost a third of them, and what they measure is mostly
chance. Every study then serves both: for the measurement once, for the training of the delivered model always.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from model.errors import StudyTableError, TrainingError
from model.inference.predictions import BETA_GRID, OverBeta
from model.inference.provenance import State
from model.network.checkpoint import stored_names
from model.network.network import Network, allowed_beta
from model.studies.arrays import StudyArrays
from model.studies.content import Content
from model.studies.table import Study
from model.training.train import pool_arrays

FOLDS = 5


class Fold(NamedTuple):
    """Rows of the studies to train on, and of those to judge."""

    train: np.ndarray
    held_out: np.ndarray


def folds(studies: tuple[Study, ...], count: int | None, seed: int, contents: tuple[Content, ...] = ()) -> list[Fold]:
    """Cut studies into folds with no patient in two, none empty, each with about its share of every finding.

    Args:
        count: of the folds; None for FOLDS, or as many as the patients allow.
        contents: of the studies, where they are known: no film lies in two folds either, whoever's it is said to be.

    Raises:
        StudyTableError: all studies are of one patient, or of patients who share films.
        TrainingError: there is but one fold, or there are fewer patients than folds.
    """
    patients = np.array([s.patient_id for s in studies])
    groups = _alike(studies, contents) if contents else patients
    most, named = len(set(groups)), len(set(patients))
    if most < 2:
        shared = "" if named < 2 else f", or of {named} patient ids that share films"
        raise StudyTableError(
            f"The studies are of one patient{shared}, so that nothing could be measured on another: add patients, or "
            "see that patient_id is right."
        )
    if count is None:
        count = min(FOLDS, most)
    if not 2 <= count <= most:
        which = f"{most} patients" if most == named else f"{named} patients, of whom some share films, are {most} that"
        raise TrainingError(f"{count} folds were asked for; {which} allow 2 up to as many as that.")
    strata = _strata(studies, count)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    cut = [Fold(*rows) for rows in splitter.split(strata, strata, groups)]
    if all(len(fold.held_out) for fold in cut):
        return cut
    # Of hardly more patients than folds it may leave one empty; this one fills each, whatever the findings.
    return [Fold(*rows) for rows in GroupKFold(count).split(strata, strata, groups)]


def _strata(studies: tuple[Study, ...], count: int) -> np.ndarray:
    """The rarest finding of each study; those that fewer studies have than there are folds are one stratum, which is
    joined to the smallest of the others where it is as small."""
    often = Counter(name for s in studies for name in s.labels)
    rarest = [min(s.labels, key=lambda n: (often[n], n), default="") for s in studies]
    sizes = Counter(rarest)
    few = {name for name, size in sizes.items() if size < count}
    if 0 < sum(sizes[name] for name in few) < count:
        few |= {min(sizes.keys() - few, key=lambda name: (sizes[name], name))}
    return np.array(["few together" if name in few else f"finding {name}" for name in rarest])


@torch.no_grad()
def grid_logits(network: Network, data: StudyArrays) -> OverBeta:
    """Logits of studies at each β of BETA_GRID."""
    image, report = network.eval().embed(pool_arrays(network, data))
    has = torch.from_numpy(data.has).to(image.device)
    return np.stack([network.decide(image, report, allowed_beta(has, b)).cpu().numpy() for b in BETA_GRID])


def out_of_fold(data: StudyArrays, cut: list[Fold], trained: Callable[[int, StudyArrays], Network]) -> OverBeta:
    """The logits that each study gets from the network of the fold that held it out.

    Args:
        trained: a network trained on these studies; its first argument numbers the fold.
    """
    logits = np.zeros((len(BETA_GRID), len(data), data.labels.shape[1]), np.float32)
    for number, fold in enumerate(cut):
        logits[:, fold.held_out] = grid_logits(trained(number, data.rows(fold.train)), data.rows(fold.held_out))
    return logits


def state_of(network: Network) -> State:
    """The tensors of a network that a checkpoint holds."""
    state = network.state_dict()
    return {name: state[name].detach().cpu().numpy().copy() for name in stored_names(network)}


def differing(network: Network, state: State) -> State:
    """Those tensors of another network of the same config in which it is not this one."""
    own = state_of(network)
    return {name: tensor for name, tensor in state.items() if not np.array_equal(tensor, own[name])}


def _alike(studies: tuple[Study, ...], contents: tuple[Content, ...]) -> Int[np.ndarray, "n"]:
    """The number of each study's group: those that share a patient or a film, directly or by way of others."""
    places: dict[tuple[str, str | bytes], list[int]] = defaultdict(list)
    for i, (study, content) in enumerate(zip(studies, contents, strict=True)):
        places["patient", study.patient_id].append(i)
        for film in {content.file, content.film} - {b""}:
            places["film", film].append(i)
    pairs = np.array([(rows[0], row) for rows in places.values() for row in rows])
    edges = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(studies), len(studies)))
    return connected_components(edges, directed=False)[1]
