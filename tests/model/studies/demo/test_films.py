"""The renderer, on the real CT; skipped where the CT was never fetched."""

import numpy as np
import pytest

pytest.importorskip("numba")  # of the extra `demo`

from model.studies.demo.films.body import draw_body
from model.studies.demo.films.build import Build, draw_build, film
from model.studies.demo.films.findings import ANATOMY, DRAW, Finding, draw
from model.studies.demo.films.look import draw_look, expose
from model.studies.demo.films.projection import PIXELS, Chest
from model.studies.demo.films.source import at_hand
from model.studies.demo.reports import FINDINGS

if not at_hand():
    pytest.skip("the CT is not in the cache: python -m model.studies.demo.build fetches it", allow_module_level=True)

SIZE = 128


@pytest.fixture(scope="module")
def healthy() -> Build:
    return draw_build(7, (), 1)


@pytest.fixture(scope="module")
def enlarged() -> Build:
    return draw_build(7, (Finding("Cardiomegaly", extent=0.6),), 1)


def changed(build: Build, *findings: Finding, seed: int = 3) -> tuple[Chest, dict[str, np.ndarray]]:
    """A copy of a build's chest with findings, and their shadows."""
    chest = Chest(*(part.copy() for part in build.chest))
    return chest, draw(chest, findings, np.random.default_rng(seed))


def centre_of(shadow: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(shadow.shape)
    return (rows * shadow).sum() / shadow.sum() / PIXELS, (columns * shadow).sum() / shadow.sum() / PIXELS


def test_each_finding_is_drawn_or_an_anatomy():
    assert {*DRAW, *ANATOMY} == set(FINDINGS)


def test_a_body_is_the_same_person_with_and_without_findings():
    well, ill = draw_body(5), draw_body(5, cardiomegaly=0.5)
    assert ill._replace(heart=well.heart) == well
    assert ill.heart > 1 > well.heart
    assert draw_body(5, emphysema=0.8).lucency < draw_body(5, emphysema=0.2).lucency < well.lucency


def test_a_look_follows_from_its_seed_and_the_film_from_both(healthy):
    one, two, other = (expose(healthy.chest, draw_look(seed), SIZE) for seed in (3, 3, 4))
    assert one.dtype == np.uint8
    assert one.shape == (SIZE, SIZE)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert one.std() > 15


@pytest.mark.parametrize("finding", list(DRAW))
def test_the_left_of_the_patient_is_the_right_of_the_film(healthy, finding):
    for side in ("left", "right"):
        _, shadows = changed(healthy, Finding(finding, side, extent=0.6, contrast=0.9))
        shadow = np.clip(shadows[finding], 0, None)
        assert shadow.max() > 0
        _, column = centre_of(shadow)
        assert column > 0.52 if side == "left" else column < 0.48


def test_more_extent_adds_more(healthy):
    added = [changed(healthy, Finding("Effusion", "left", extent=e))[1]["Effusion"].sum() for e in (0.2, 0.5, 0.9)]
    assert added[0] < added[1] < added[2]


def test_an_opacity_whitens_and_a_pneumothorax_blackens(healthy):
    white, _ = changed(healthy, Finding("Lung Opacity", "right", contrast=0.9))
    assert (white.soft - healthy.chest.soft).sum() > 0
    black, shadows = changed(healthy, Finding("Pneumothorax", "right", extent=0.7, contrast=0.9))
    air = shadows["Pneumothorax"] > 5
    assert (black.soft - healthy.chest.soft)[air].mean() < 0  # the mask holds the air, not the lung that drew back


def test_an_enlarged_heart_is_wider(healthy, enlarged):
    widths = [np.ptp(np.flatnonzero((b.chest.heart > 8).any(axis=0))) for b in (healthy, enlarged)]
    assert widths[1] > 1.15 * widths[0]


def test_no_finding_falls_off_a_film(healthy):
    chest, shadows = changed(healthy, Finding("Nodule", "left", "apex", extent=0.2))
    for seed in range(6):
        drawn = film(Build(chest, shadows), seed, SIZE, 96)
        assert drawn.masks["Nodule"].any()
        assert drawn.masks["Nodule"].mean() < 0.05
