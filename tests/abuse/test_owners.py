"""What belongs to one reader's page is out of reach for another login that knows its number."""

import threading

import pytest
from abuse.conftest import number_of, page_of

from dashboard.access.identity import Identity, Role
from dashboard.api.core import Core
from dashboard.guard.owners import BEFORE, PAGES, Owners

HASH = "0123456789a"


def ask(client, app, name: str, page: str = HASH, **more):
    return client.post(
        "/gradio_api/queue/join",
        json={"data": [], "fn_index": number_of(app, name), "session_hash": page, **more},
    )


@pytest.fixture
def hers(as_reader, app):
    """A page of vera's."""
    client = as_reader("vera")
    assert ask(client, app, "films", "vera-s-page", event_data={"ids": []}).status_code == 200
    return "vera-s-page"


@pytest.mark.parametrize("other", ["victor", "ada"])
def test_another_login_reads_ends_and_uses_nothing_of_it(as_reader, app, hers, other):
    client = as_reader(other)
    assert client.get("/gradio_api/queue/data", params={"session_hash": hers}).status_code == 404
    assert client.get(f"/gradio_api/heartbeat/{hers}").status_code == 404
    assert ask(client, app, "films", hers).status_code == 403
    for name in ("queued", "follow", "predict_at"):
        fns = {"queued": [None], "predict_at": [None, 0.5]}
        if name in fns:
            asked = {"data": fns[name], "fn_index": number_of(app, name), "session_hash": hers}
            assert client.post("/gradio_api/queue/join", json=asked).status_code == 403
            assert client.post("/gradio_api/run/predict", json=asked).status_code == 403
    cancel = {"session_hash": hers, "fn_index": 1, "event_id": "0" * 32}
    assert client.post("/gradio_api/cancel", json=cancel).status_code == 403


def test_its_own_login_reads_it_whole(as_reader, app, hers):
    client = as_reader("vera")
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": hers}) as answer:
        assert answer.status_code == 200
        assert "process_completed" in "".join(answer.iter_text())


def test_an_answer_by_its_event_is_its_login_s_alone(as_reader, monkeypatch):
    vera, ada, predict, tried = as_reader("vera"), as_reader("ada"), Core.predict, threading.Event()

    def late(*asked):
        tried.wait(60)
        return predict(*asked)

    monkeypatch.setattr(Core, "predict", late)
    asked = {"data": [{"report": "Clear."}]}
    event = vera.post("/gradio_api/call/predict", json=asked).json()["event_id"]
    assert ada.get(f"/gradio_api/call/predict/{event}").status_code == 404
    cancel = {"session_hash": "ada-s-page", "fn_index": 0, "event_id": event}
    assert ada.post("/gradio_api/cancel", json=cancel).status_code == 403
    tried.set()
    assert "complete" in vera.get(f"/gradio_api/call/predict/{event}").text


@pytest.mark.parametrize("number", ["", "a b", "x" * 65, "../x", "%00", "a\n", None, 1, ["x"], {"x": 1}])
def test_a_number_that_is_none_is_refused(as_reader, app, number):
    client = as_reader("vera")
    assert ask(client, app, "films", number).status_code in (403, 422)
    if isinstance(number, str):
        assert client.get("/gradio_api/queue/data", params={"session_hash": number}).status_code == 404


def test_a_stream_of_two_pages_or_of_none_is_refused(as_reader, hers):
    client = as_reader("vera")
    for query in ("", "session_hash", f"session_hash={hers}&session_hash=x", f"session_hash=x&session_hash={hers}"):
        assert client.get(f"/gradio_api/queue/data?{query}").status_code == 404


VERA, VICTOR = (Identity(name, Role.VIEWER) for name in ("vera", "victor"))


def test_a_number_stays_its_login_s_however_many_pages_that_opens():
    owners = Owners()
    assert owners.claim("hers", VERA)
    assert all(owners.claim(f"page-{number}", VERA) for number in range(3 * PAGES))
    assert not owners.claim("hers", VICTOR)
    assert not owners.has("hers", VICTOR)
    assert owners.claim("hers", VERA)


def test_no_other_login_pushes_it_out():
    owners = Owners()
    assert owners.claim("hers", VERA)
    assert all(owners.claim(f"page-{number}", VICTOR) for number in range(PAGES + BEFORE + 1))
    assert owners.has("hers", VERA)
    assert not owners.claim("hers", VICTOR)


def test_as_many_are_remembered_as_there_is_room_for_and_more_than_gradio_keeps():
    owners = Owners()
    for number in range(PAGES + BEFORE + 100):
        owners.claim(f"page-{number}", VERA)
    assert len(owners) == PAGES + BEFORE


def test_gradio_forgets_a_page_long_before(open_app):
    page = page_of(open_app)
    assert 2 * page.state_session_capacity < BEFORE
    assert 2 * page._queue.pending_messages_per_session.max_size < BEFORE
