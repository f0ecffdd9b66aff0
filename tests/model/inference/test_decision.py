"""What is reported at a probability is the same everywhere."""

import numpy as np
import pytest

from model.config import MULTI_LABEL, SINGLE_LABEL
from model.inference.decision import decided, reported


@pytest.mark.parametrize(
    ("p", "problem_type", "expected"),
    [
        ([0.2, 0.5, 0.3], SINGLE_LABEL, [False, True, False]),
        ([0.4, 0.2, 0.4], SINGLE_LABEL, [True, False, False]),  # one alone is chosen, of equals the first
        ([0.2, 0.5, 0.4999], MULTI_LABEL, [False, True, False]),
        ([0.1, 0.2, 0.3], MULTI_LABEL, [False, False, False]),
    ],
)
def test_one_rule_decides(p, problem_type, expected):
    assert decided(np.array(p), problem_type).tolist() == expected
    assert decided(np.array([[p, p]]), problem_type).tolist() == [[expected, expected]]
    names = [name for name, yes in zip("abcd", expected, strict=False) if yes]
    assert reported(np.array(p), "abcd"[: len(p)], problem_type) == names
