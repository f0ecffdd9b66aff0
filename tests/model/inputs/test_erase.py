"""Erasing fills a region from around it and touches nothing else."""

import numpy as np
import pytest
from helpers import random_film

from model.errors import ImageError
from model.inputs import Film
from model.inputs.erase import erase


def disc(height: int, width: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2


def test_nothing_outside_the_region_changes():
    film, region = random_film(), disc(200, 160, 30)
    erased = erase(film, region)
    np.testing.assert_array_equal(erased.pixels[~region], film.pixels[~region])
    assert not np.array_equal(erased.pixels[region], film.pixels[region])


@pytest.mark.parametrize("size", [(96, 128), (900, 1200)])
def test_what_was_there_does_not_shine_through(size):
    """A bright disc on a ramp, painted over with some room: the ramp is what is left."""
    ramp = np.linspace(0.2, 0.6, size[1], dtype=np.float32) * np.ones(size, np.float32)
    lesion = disc(*size, 0.15 * size[0])
    film = Film(np.where(lesion, np.float32(1), ramp), "lesion", "png")
    erased = erase(film, disc(*size, 0.2 * size[0]))
    assert np.abs(erased.pixels - ramp).max() < 0.05


def test_the_fill_is_neither_black_nor_beyond_what_is_around():
    film, region = random_film(), disc(200, 160, 50)
    filled = erase(film, region).pixels[region]
    assert film.pixels[~region].min() <= filled.min()
    assert filled.max() <= film.pixels[~region].max()


def test_a_region_at_the_edge_of_the_film_is_filled():
    film = random_film()
    region = np.zeros(film.pixels.shape, bool)
    region[:60] = True
    assert np.isfinite(erase(film, region).pixels).all()


def test_another_region_is_another_film():
    film = random_film()
    digests = {erase(film, disc(200, 160, radius)).sha256 for radius in (10, 20)}
    assert len(digests | {film.sha256}) == 3
    assert erase(film, disc(200, 160, 10)).sha256 in digests


@pytest.mark.parametrize("value", [False, True])
def test_nothing_and_everything_are_refused(value):
    with pytest.raises(ImageError, match="paint"):
        erase(random_film(), np.full((200, 160), value))
