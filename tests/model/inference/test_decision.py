"""What is reported at a probability is the same everywhere."""

import numpy as np
import pytest

from model.inference.decision import decided


@pytest.mark.parametrize(
    ("p", "single", "reported"),
    [
        ([0.2, 0.5, 0.3], True, [False, True, False]),
        ([0.4, 0.2, 0.4], True, [True, False, False]),  # one alone is chosen, of equals the first
        ([0.2, 0.5, 0.4999], False, [False, True, False]),
        ([0.1, 0.2, 0.3], False, [False, False, False]),
    ],
)
def test_one_rule_decides(p, single, reported):
    assert decided(np.array(p), single).tolist() == reported
    assert decided(np.array([[p, p]]), single).tolist() == [[reported, reported]]
