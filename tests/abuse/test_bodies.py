"""Whatever JSON the page's functions are sent is taken or refused in a sentence, and nothing of it is in the log."""

import json

import pytest
from abuse.conftest import number_of, page_of

from dashboard.guard.calls import MOST
from dashboard.web.bodies import MOST_PARTS

SECRET = "canary-4c1f0e"
ROUTES = ["queue/join", "run/predict_at", "api/predict_at", "call/predict_at", "run/predict", "cancel"]
BODIES = [
    b"", b"{", b"null", b"[]", b"1", b'"x"', b"NaN", b"{}", b"\xff", b"[" * 50_000, b'{"data":' + b"[" * 50_000,
    b'{"data": null}', b'{"data": {}}', b'{"data": [], "fn_index": 1e999}', b'{"data": [], "fn_index": true}',
    b'{"data": [null, 1' + b"0" * 400 + b'], "fn_index": 21}',
    b'{"data": [null, 1' + b"0" * 5000 + b'], "fn_index": 21}',
    b'{"data": [null, 1e999], "fn_index": 21}', b'{"data": [null, NaN], "fn_index": NaN, "session_hash": NaN}',
    b'{"session_hash": "s", "event_id": "e", "fn_index": NaN}',
    b'{"session_hash": NaN, "event_id": "e", "fn_index": 1}',
    b'{"session_hash": "s", "event_id": ["e"], "fn_index": 1}',
    b'{"session_hash": "s", "event_id": "e", "fn_index": 1e3}',
    b'{"data": [null, 0.5], "trigger_id": 1e9, "session_hash": "s", "fn_index": 21}',
    b'{"data": [null, 0.5], "trigger_id": "1", "session_hash": "s", "fn_index": 21}',
    b'{"data": [null, 0.5], "event_data": "\\ud800", "session_hash": "s", "fn_index": 21}',
    b'{"data": [null, 0.5], "event_data": [1], "session_hash": "s", "fn_index": 21}',
]  # fmt: skip

EVENTS = [
    None, {}, {"ticket": SECRET}, {"value": [SECRET]}, {"index": {}, "value": 2**62},
    {"points": 7, "ids": 7, "polygon": "x", "beta": [], "mask": 3, "id": {}, "case": []},
]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_cannot_be_used_is_a_problem(anyone, capfd, route):
    for body in BODIES:
        answer = anyone.post(
            f"/gradio_api/{route}", content=body.replace(b"null", b'"' + SECRET.encode() + b'"'),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status_code in (403, 422), body[:80]
        assert answer.headers["content-type"] == "application/problem+json"
        assert SECRET not in answer.text
    written = "".join(capfd.readouterr())
    assert SECRET not in written
    assert "Traceback" not in written


def test_a_body_of_another_type_is_no_json(anyone):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""):
        answer = anyone.post(
            "/gradio_api/run/predict_at", content=b'{"data": [null, 0.5]}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 422


def test_no_json_holds_up_the_others(anyone, open_app):
    parts = b"[" + b"1," * (MOST_PARTS + 1) + b"1]"
    for path in ("/gradio_api/queue/join", "/api/v1/predict", "/api/v1/flag"):
        answer = anyone.post(path, content=parts, headers={"Content-Type": "application/json"})
        assert (answer.status_code, "parts" in answer.text) == (422, True), path
    long = {"data": [None, 0.5, "x" * MOST], "fn_index": number_of(open_app, "open_alone"), "session_hash": "long"}
    assert anyone.post("/gradio_api/queue/join", json=long).status_code == 413


@pytest.mark.parametrize("event", EVENTS)
def test_odd_events_say_nothing_in_the_log(open_app, anyone, capfd, event):
    kinds = {"slider": 0.5, "textbox": "Clear."}
    heavy = {"measure", "measure_asked", "draw_at_visit", "draw_asked", "look", "flag", "predict", "explain"}
    for number, fn in page_of(open_app).fns.items():
        if fn.fn and fn.name not in heavy:
            data = [kinds.get(block.get_block_name()) for block in fn.inputs]
            asked = {"data": data, "fn_index": number, "session_hash": "odd", "event_data": event}
            status = anyone.post("/gradio_api/queue/join", json=asked).status_code
            selects = event is None or not {"index", "value"} <= event.keys()
            assert status == 200 or (status == 422 and selects), fn.name
    with anyone.stream("GET", "/gradio_api/queue/data", params={"session_hash": "odd"}) as stream:
        answered = "".join(stream.iter_text())
    assert json.loads(answered.split("data: ")[-1])["msg"] == "close_stream"
    written = "".join(capfd.readouterr())
    assert SECRET not in written
    assert "Traceback" not in written


def test_a_client_that_leaves_is_no_failure(open_app, anyone):
    """Its request, then that it has gone; nothing is sent that nobody would read, and nothing is raised."""
    asked = {"report": "The lungs are clear.", "report_methods": ["integrated_gradients"]}
    coming = [
        {"type": "http.request", "body": json.dumps(asked).encode(), "more_body": False},
        {"type": "http.disconnect"},
    ]
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/v1/explain", "raw_path": b"/api/v1/explain", "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    sent = []

    async def receive():
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message):
        sent.append(message)

    anyone.portal.call(open_app, scope, receive, send)
    assert [message["status"] for message in sent if "status" in message] == [499]
