"""Pages that nobody closes give their films back, the oldest first, and say how to go on."""

import gc

import pytest
from helpers import random_film

from dashboard.review.service import ReviewService
from dashboard.review.steps import Refused, Staged
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.open_pages import ENCODED, Pages, size
from dashboard.serving.session import Session
from model.studies.opening import open_studies

FILM = 200 * 160 * 4 + ENCODED  # bytes of a page with one of `random_film`


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    (folder / "studies.csv").write_text("study_id,image,report,label\none,,An effusion is seen.,Effusion\n")
    return open_studies(folder / "studies.csv")


@pytest.fixture
def page(engine, table):
    """Opens a page, of a login, with a film of its own."""
    from dashboard.cases.opening import of_parts

    def opened(seed: int, login: str) -> Session:
        return Session(beta=0.5, login=login, cases=[of_parts(engine, random_film(seed), "No effusion.")])

    return opened


def test_a_page_without_a_request_for_long_gives_its_film_back(page):
    now = [0.0]
    pages, idle, used = Pages(lambda: now[0], idle=100), page(0, "a"), page(1, "a")
    for session in (idle, used):
        pages.use(session)
    request_id, now[0] = idle.request_id, 90
    pages.use(used)
    now[0] = 150
    pages.sweep()
    assert (idle.cases, idle.was_released, idle.request_id > request_id) == ([], True, True)
    assert len(used.cases) == 1


def test_one_reader_keeps_so_much_and_others_keep_theirs(page):
    pages = Pages(each=2 * FILM + 1, most=100 * FILM)
    other, mine = page(0, "b"), [page(seed, "a") for seed in range(1, 5)]
    for session in (other, *mine):
        pages.use(session)
    assert [len(s.cases) for s in (other, *mine)] == [1, 0, 0, 1, 1]


def test_all_together_keep_so_much_and_the_one_in_use_stays(page):
    pages = Pages(each=100 * FILM, most=2 * FILM + 1)
    sessions = [page(seed, f"reader {seed}") for seed in range(3)]
    for session in sessions:
        pages.use(session)
    pages.use(sessions[0])  # was let go: it holds nothing, and takes nobody's place
    assert [len(s.cases) for s in sessions] == [0, 1, 1]
    sessions[1].cases *= 9  # changes share the film, not what was encoded
    pages.use(sessions[1])
    assert [len(s.cases) for s in sessions] == [0, 9, 0]


def test_a_closed_page_is_forgotten(page):
    pages = Pages()
    pages.use(page(0, "a"))
    gc.collect()
    pages.sweep()
    assert not pages._used


def test_it_says_so_and_opens_again(engine, table):
    serving, session = ModelRegistry(engine, table), Session(beta=0.5)
    list(ReviewService(serving).open(session, lambda r: r.open_study(session, "one", 0.5)))
    assert size(session) == ENCODED
    session.release()
    (said,) = ReviewService(serving).answer(session, lambda r: r.explain(session, engine.findings[0]))
    assert said == Refused("notice.let_go", level="info")
    assert ReviewService(serving).shown(session).predict_at(session, 0.5) is None
    assert isinstance(next(ReviewService(serving).open(session, lambda r: r.open_study(session, "one", 0.5))), Staged)
    assert not session.was_released
