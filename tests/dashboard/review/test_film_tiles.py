"""The own pixels of a film, as the page is sent them."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from helpers import random_film

from dashboard.review.film_tiles import AT_ONCE, LITTLE_ENDIAN_GREY, SIDE, film_tiles, tile_of
from dashboard.serving.session import Session
from model.inputs import Film


@pytest.fixture(scope="module")
def film() -> Film:
    """One of 16 bits, of several tiles, neither of whose sides is a multiple of anything."""
    greys = np.random.default_rng(0).integers(0, 65536, (700, 531))
    return Film((greys / 65535).astype(np.float32), "a" * 64, "png")


def put_together(film: Film, step: int) -> np.ndarray:
    """All tiles of a step, as the page lays them out."""
    rows, columns = (-(-size // (step * SIDE)) for size in film.pixels.shape)
    return np.block([[tile_of(film.pixels, step, row, column) for column in range(columns)] for row in range(rows)])


def test_the_tiles_of_step_one_are_the_films_own_greys(film):
    whole = put_together(film, 1)
    assert whole.dtype == LITTLE_ENDIAN_GREY
    assert np.array_equal(whole, np.round(film.pixels.astype(float) * 65535))
    assert len(np.unique(whole)) > 60_000


@pytest.mark.parametrize("step", [2, 8, 64])
def test_a_coarser_tile_holds_means_of_squares(film, step):
    whole = put_together(film, step)
    rows, columns = film.pixels.shape
    assert whole.shape == (-(-rows // step), -(-columns // step))
    for row, column in ((0, 0), (3, 5), (whole.shape[0] - 1, whole.shape[1] - 1)):
        square = film.pixels[row * step : (row + 1) * step, column * step : (column + 1) * step]
        assert whole[row, column] == pytest.approx(square.mean(dtype=float) * 65535, abs=1)


@pytest.mark.parametrize("place", [(1, 3, 0), (1, 0, 3), (3, 0, 0), (0, 0, 0), (128, 0, 0)])
def test_what_is_no_tile_of_the_film_is_none(film, place):
    assert tile_of(film.pixels, *place) is None


def sent(session: Session, *tiles: object) -> dict[str, np.ndarray]:
    return {
        tile: np.frombuffer(base64.b64decode(greys), LITTLE_ENDIAN_GREY)
        for tile, greys in film_tiles(session, list(tiles))["tiles"]
    }


def test_a_session_is_sent_what_it_has_open_and_nothing_else(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    other = Session(beta=0.5)
    list(reviewer.open_study(other, "two", 0.5))
    (own,), (others,) = ([c.film for c in s.cases] for s in (session, other))
    assert own.name != others.name
    found = sent(session, f"{own.name}:1/0/0", f"{others.name}:1/0/0")
    assert list(found) == [f"{own.name}:1/0/0"]
    assert np.array_equal(found[f"{own.name}:1/0/0"], np.round(own.pixels[:SIDE, :SIDE] * 65535).ravel())
    session.release()
    assert sent(session, f"{own.name}:1/0/0") == {}


def test_both_films_of_a_changed_case_are_sent(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    case = session.opened
    session.cases.append(replace(case, film=random_film(5)))
    names = [f"{c.film.name}:1/0/0" for c in session.cases]
    assert len(set(names)) == 2
    assert list(sent(session, *names)) == names


def test_a_blinded_case_has_its_film_too_and_one_without_has_none(reviewer, session):
    session.blind, session.revealed = True, False
    list(reviewer.open_study(session, "one", 0.5))
    assert session.blinded
    assert len(sent(session, f"{session.opened.film.name}:1/0/0")) == 1
    list(reviewer.open_study(session, "report-only", 0.5))
    assert sent(session, "film-:1/0/0", ":1/0/0") == {}


@pytest.mark.parametrize("asked", [None, 5, "film", {"a": 1}, [None, 3, [], "x:1/0", "x:99999999999/0/0"]])
def test_whatever_a_page_asks_for_is_answered(reviewer, session, asked):
    list(reviewer.open_study(session, "one", 0.5))
    assert film_tiles(session, asked) == {"tiles": []}


def test_one_answer_has_so_many_tiles(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    tile = f"{session.opened.film.name}:1/0/0"
    assert len(film_tiles(session, [tile] * (AT_ONCE + 3))["tiles"]) == AT_ONCE


def test_the_film_of_a_pinned_case_is_sent_beside_those_that_follow(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    pinned = session.opened.film
    reviewer.pin(session, "one")
    list(reviewer.open_study(session, "two", 0.5))
    assert len(sent(session, f"{pinned.name}:1/0/0", f"{session.opened.film.name}:1/0/0")) == 2
    reviewer.pin(session, "")
    assert sent(session, f"{pinned.name}:1/0/0") == {}


def test_no_film_is_pinned_but_that_of_the_open_case_and_its_answer_is_shown(reviewer, session):
    list(reviewer.open_study(session, "one", 0.5))
    reviewer.pin(session, "two")
    assert session.pinned is None
    session.blind, session.revealed = True, False
    reviewer.pin(session, "one")
    assert session.pinned is None
