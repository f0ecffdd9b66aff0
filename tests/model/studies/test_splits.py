"""Splits by patient that keep the shares of each finding."""

import numpy as np
import pytest

from model.studies.splits import SHARES, divided
from model.studies.table import SPLITS

FINDINGS = {"Cardiomegaly": 0.3, "Effusion": 0.15, "Edema": 0.05, "Pneumothorax": 0.015}


def cohort(seed: int = 0, patients: int = 2000) -> list[tuple[str, str, str]]:
    """Studies of patients who come once or several times, often with the same findings."""
    rng = np.random.default_rng(seed)
    studies = []
    for patient in range(patients):
        has = [f for f, share in FINDINGS.items() if rng.random() < share]
        for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
            studies.append((f"p{patient}", "|".join(f for f in has if rng.random() < 0.9), ""))
    return studies


@pytest.mark.parametrize("seed", range(3))
def test_each_finding_has_its_share_in_each_split_and_a_patient_one_split(seed):
    studies = cohort(seed)
    splits = np.array(divided(studies, seed))
    for split in SPLITS:
        assert np.mean(splits == split) == pytest.approx(SHARES[split], abs=0.01)
        for finding in FINDINGS:
            has = np.array([finding in label.split("|") for _, label, _ in studies])
            assert np.mean(splits[has] == split) == pytest.approx(SHARES[split], abs=0.03)
    of_patient = {}
    for (patient, _, _), split in zip(studies, splits, strict=True):
        assert of_patient.setdefault(patient, split) == split


def test_splits_follow_from_the_seed_and_not_from_the_order_of_the_studies():
    studies = cohort()
    backwards = divided(studies[::-1], 0)[::-1]
    assert divided(studies, 0) == backwards
    assert divided(studies, 1) != backwards


def test_the_splits_of_the_source_are_kept_and_a_patient_in_several_is_in_the_strictest():
    studies = [("a", "", "train"), ("b", "", "val"), ("c", "", "test"), ("d", "", "train"), ("d", "", "test"),
               ("e", "", "val"), ("e", "", "train"), ("a", "", "")]  # fmt: skip
    assert divided(studies, 0) == ["train", "val", "test", "test", "test", "val", "val", "train"]


def test_where_the_source_has_no_val_some_of_its_train_are():
    studies = [(f"p{i}", "Edema" if i % 4 else "", "test" if i < 20 else "train") for i in range(120)]
    splits = divided(studies, 0)
    assert splits[:20] == ["test"] * 20
    assert splits.count("val") == 15
    assert "test" not in splits[20:]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_a_handful_of_patients_is_split_too(n):
    splits = divided([(str(i), "Edema", "") for i in range(n)], 0)
    assert len(splits) == n
    assert n == 0 or "train" in splits
    assert n < 3 or "val" in splits
