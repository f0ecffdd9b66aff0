"""Cross-validation: no patient on both sides, every study judged once by a network that did not see it."""

import numpy as np
import pytest
import torch
from helpers import small_network

from model.errors import TrainingError
from model.inference.predictions import BETA_GRID
from model.studies.arrays import StudyArrays
from model.studies.content import Content
from model.studies.table import Study
from model.training.cross_validation import folds, out_of_fold
from model.training.train import pool_arrays


def studies(n: int = 60) -> tuple[Study, ...]:
    """Two studies a patient; one patient in five has the rare finding, the others the common one."""
    return tuple(
        Study(f"s{i}", None, "r", frozenset({"rare" if i // 2 % 5 == 0 else "common"}), f"p{i // 2}", "train")
        for i in range(n)
    )


def test_folds_part_patients_and_share_out_the_rare_finding():
    some = studies()
    cut = folds(some, 3, seed=0)
    assert sorted(np.concatenate([f.held_out for f in cut])) == list(range(60))
    for fold in cut:
        sides = [{some[i].patient_id for i in rows} for rows in fold]
        assert not sides[0] & sides[1]
        assert sum("rare" in some[i].labels for i in fold.held_out) == 4
    assert all(np.array_equal(a.train, b.train) for a, b in zip(cut, folds(some, 3, seed=0), strict=True))


def test_as_many_folds_as_suit_or_as_the_patients_allow_who_share_no_film():
    some = studies(8)  # of four patients
    film = [b"film of two patients" if i in (0, 2) else bytes([i + 1]) for i in range(8)]
    contents = tuple(Content(b"", f, b"", s.patient_id.encode()) for s, f in zip(some, film, strict=True))
    cut = folds(some, None, seed=0, contents=contents)
    assert len(cut) == 3
    assert {0, 1, 2, 3} in [set(fold.held_out) for fold in cut]
    assert len(folds(some, None, seed=0)) == 4
    assert len(folds(studies(), None, seed=0)) == 5


@pytest.mark.parametrize("count", [1, 31])
def test_folds_that_cannot_be_cut_are_refused(count):
    with pytest.raises(TrainingError, match="30 patients"):
        folds(studies(), count, seed=0)


def test_each_study_is_judged_by_the_network_that_did_not_see_it():
    rng = np.random.default_rng(0)
    data = StudyArrays(
        rng.integers(0, 255, (12, 64, 64), np.uint8),
        [f"Report {i}." for i in range(12)],
        np.eye(3, dtype=np.float32)[np.arange(12) % 3],
        np.ones((12, 2), np.float32),
        study_ids=tuple(f"s{i}" for i in range(12)),
    )
    networks = [small_network(image_size=64), small_network(image_size=64)]
    with torch.no_grad():
        networks[1].head.out.bias.add_(1.0)
    cut = folds(studies(12), 2, seed=0)
    seen = []

    def trained(number, part):
        seen.append(part.study_ids)
        return networks[number]

    logits = out_of_fold(data, cut, trained)
    for number, fold in enumerate(cut):
        assert set(seen[number]) == {f"s{i}" for i in fold.train}
        held_out = data.rows(fold.held_out)
        embedded = networks[number].embed(pool_arrays(networks[number], held_out))
        at = BETA_GRID.index(0.25)
        with torch.no_grad():
            expected = networks[number].decide(*embedded, torch.full((len(held_out), 1), 0.25))
        assert logits[at, fold.held_out] == pytest.approx(expected.numpy(), abs=1e-4)
