"""The renderer, on the real CT; skipped where the CT was never fetched."""

import numpy as np
import pytest

from model.studies.demo.reports import Statement
from model.studies.demo.volume import DEPTH_MM, Build, cache_folder

if not list(cache_folder().glob("source-*.npz")):
    pytest.skip("the CT is not in the cache: python -m model.studies.demo.build fetches it", allow_module_level=True)

from model.studies.demo.anatomy import bend
from model.studies.demo.render import render


@pytest.fixture(scope="module")
def chest():
    return bend(Build(5, heart=0.8, inspiration=28))


def film_of(chest, *statements: Statement, seed: int = 3):
    return render(chest, statements, (seed,), 160, 96)


def centre_of(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return rows.mean() / len(mask), columns.mean() / len(mask)


def test_the_same_seed_gives_the_same_film(chest):
    statements = Statement("Lung Opacity", "base", "left"), Statement("Nodule")
    one, two, other = (film_of(chest, *statements, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.film, two.film)
    assert np.array_equal(one.masks["Nodule"], two.masks["Nodule"])
    assert not np.array_equal(one.film, other.film)


@pytest.mark.parametrize("finding", ["Atelectasis", "Effusion", "Lung Opacity", "Nodule", "Pneumothorax"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_left_of_the_patient_is_the_right_of_the_film(chest, finding, side):
    _, column = centre_of(film_of(chest, Statement(finding, side=side)).masks[finding])
    assert column > 0.55 if side == "left" else column < 0.45


def test_the_apex_lies_above_the_base(chest):
    apex, base = (film_of(chest, Statement("Lung Opacity", s, "right")).masks["Lung Opacity"] for s in ("apex", "base"))
    assert centre_of(apex)[0] < 0.4 < centre_of(base)[0]


def test_more_severe_means_larger(chest):
    small, large = (film_of(chest, Statement("Effusion", "", "left", s)).masks["Effusion"] for s in ("small", "large"))
    assert large.sum() > 1.5 * small.sum()


def test_findings_combine(chest):
    names = "Edema", "Effusion", "Nodule"
    assert set(film_of(chest, *map(Statement, names)).masks) == set(names)


def cardiothoracic_ratio(chest) -> float:
    """Width of the heart's shadow over the widest inner width of the thorax."""
    heart = np.flatnonzero((chest.heart.sum(axis=1) * DEPTH_MM > 8).any(axis=0))
    thorax = np.flatnonzero((chest.whole_lungs.sum(axis=1) * DEPTH_MM > 8).any(axis=0))
    return np.ptp(heart) / np.ptp(thorax)


def test_an_enlarged_heart_is_wider_than_half_the_chest(chest):
    enlarged = bend(Build(5, heart=1.2, inspiration=28))
    assert cardiothoracic_ratio(chest) < 0.5 < 0.55 < cardiothoracic_ratio(enlarged)
