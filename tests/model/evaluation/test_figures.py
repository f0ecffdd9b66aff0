"""Figures are written so that what is undefined has no number, and no rounding says what the figure does not."""

import numpy as np
import pytest

from model.evaluation.figures import interval_shown, json_numbers, p_shown, shown


def test_what_is_undefined_is_null_for_programs_and_called_so_for_people():
    assert json_numbers(np.array([[0.123456, np.nan], [np.nan, 1]])) == [[0.1235, None], [None, 1.0]]
    assert (json_numbers(None), json_numbers(np.float32("nan")), json_numbers(0)) == (None, None, 0)
    assert (shown(None), shown(float("nan")), shown(0.5), shown(-0.5, "+")) == ("not defined",) * 2 + (
        "0.500",
        "-0.500",
    )
    assert interval_shown(None, None) == interval_shown(float("nan"), 1.0) == "no interval"


def test_an_interval_that_has_a_width_shows_one():
    assert interval_shown(0.2, 0.31) == "0.200–0.310"
    assert interval_shown(-0.2, 0.31, "+") == "-0.200 … +0.310"
    assert interval_shown(0.99981, 1.0) == "0.9998–1.0000"
    assert interval_shown(0.123451, 0.123459) == "0.12345–0.12346"


@pytest.mark.parametrize("p", [0.0001, 0.03, 50 / 1001, 0.05, 0.0504, 0.7])
def test_rounding_leaves_p_on_its_side(p):
    text = p_shown(p)
    assert (p < 0.05) == (text.startswith("<") or float(text) < 0.05)
    assert p_shown(float("nan")) == ""
