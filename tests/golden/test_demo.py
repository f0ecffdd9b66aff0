"""The embedded checkpoint says what it said when `record.py` was last run."""

import numpy as np
import pytest
from golden.record import KEPT, REPORT_METHODS, evidence, probabilities, studies

from model.inference.engine import Engine

CLOSE = 1e-6  # of probabilities
# Of what is counted in logits, as a share of the largest of an array where that is above 1. Processors add float32 in
# different orders: between one with AVX-512 and one without, 1.9e-6 was seen.
CLOSE_LOGITS = 3e-6
CONTEXTUAL, GRADIENTS = REPORT_METHODS


@pytest.fixture(scope="module")
def demo() -> Engine:
    return Engine.load(device="cpu")


@pytest.fixture(scope="module")
def kept() -> dict[str, np.ndarray]:
    with np.load(KEPT) as file:
        return dict(file)


def same_logits(found: np.ndarray, kept: np.ndarray, name: str) -> None:
    bound = CLOSE_LOGITS * max(1, np.abs(kept).max(initial=0))
    np.testing.assert_allclose(found, kept, rtol=0, atol=bound, err_msg=name)


def explained(demo: Engine, kept: dict[str, np.ndarray], study, finding: str, method: str) -> None:
    for name, values in evidence(demo, study, finding, method):
        same_logits(values, kept[f"{study.study_id}/{finding}/{name}"], f"{study.study_id} {finding} {name}")


def test_every_probability_is_the_one_that_was(demo, kept):
    for study in studies():
        before = kept[f"{study.study_id}/probabilities"]
        np.testing.assert_allclose(probabilities(demo, study), before, rtol=0, atol=CLOSE, err_msg=study.study_id)


def test_what_is_explained_at_once_is_what_was(demo, kept):
    for study in studies():
        for finding in demo.findings:
            explained(demo, kept, study, finding, CONTEXTUAL)


def test_integrated_gradients_are_what_they_were(demo, kept):
    first, second, *_ = studies()
    explained(demo, kept, first, demo.findings[0], GRADIENTS)
    explained(demo, kept, second, demo.findings[-1], GRADIENTS)


@pytest.mark.slow
@pytest.mark.timeout(5400)  # some 23 minutes of one core
def test_integrated_gradients_of_every_finding_are_what_they_were(demo, kept):
    for study in studies():
        for finding in demo.findings:
            explained(demo, kept, study, finding, GRADIENTS)
