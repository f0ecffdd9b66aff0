"""A painted region arrives where it was painted, or is refused."""

import base64

import numpy as np
import pytest

from dashboard.cases.masks import SIDE, on_film, read_mask
from model.errors import ImageError
from model.network.preprocess import Box


def packed(mask: np.ndarray) -> str:
    return base64.b64encode(np.packbits(mask).tobytes()).decode()


def test_a_mask_survives_the_way_here():
    mask = np.random.default_rng(0).random((SIDE, SIDE)) > 0.5
    np.testing.assert_array_equal(read_mask(packed(mask)), mask)


@pytest.mark.parametrize("text", [None, 7, "", "%%%", "AAAA", "é", packed(np.ones((64, 64), bool)), "A" * 1_000_000])
def test_anything_else_is_refused_in_one_sentence(text):
    with pytest.raises(ImageError, match="paint it again") as refused:
        read_mask(text)
    assert len(str(refused.value)) < 120


def test_the_square_is_laid_on_a_film_that_fills_half_of_it():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[: SIDE // 2] = True
    film = on_film(mask, Box(0, 0.25, 1, 0.5), 300, 150)
    assert film[:150].all()
    assert not film[150:].any()
