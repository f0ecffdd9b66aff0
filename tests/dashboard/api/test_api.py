"""The API gives the page's numbers, refuses what it cannot use in one sentence, and never fails."""

import base64
import fcntl
import json
from io import BytesIO

import numpy as np
import pytest
import schemathesis
from fastapi.testclient import TestClient
from gradio_client import Client
from gradio_client.exceptions import AppError
from helpers import REPORT, unlike_films
from hypothesis import HealthCheck, given, settings
from packed import unpack
from PIL import Image

from dashboard.review.service import case_service_of
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from explain import NODES
from explain.methods.base import Question
from explain.methods.registry import method
from model.errors import StoreError
from model.feedback import FeedbackStore, turns
from model.studies.table import load_film

HERE = "http://127.0.0.1"
BAD_BETAS = ["NaN", "Infinity", "-Infinity", "-1", "2", '"x"', "null", "true", "[0.5]"]


@pytest.fixture(scope="module")
def serving(engine, table) -> ModelRegistry:
    return ModelRegistry(engine, table)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("flags"))


@pytest.fixture(scope="module")
def app(serving, store):
    return make_app(serving, store)


@pytest.fixture(scope="module")
def client(app):
    with TestClient(app, base_url=HERE, headers={"Content-Type": "application/json"}) as client:
        yield client


@pytest.fixture
def unasked(monkeypatch, engine):
    """The model must not be asked."""

    def encode(*_):
        raise AssertionError("the model was asked")

    monkeypatch.setattr(type(engine), "encode", encode)


def film_of(table, study_id: str) -> str:
    return base64.b64encode(table.by_id(study_id).image.read_bytes()).decode()


def test_a_study_and_its_parts_give_the_model_s_probabilities(client, engine, table):
    betas = [0.0, 0.3, 1.0]
    by_id = client.post("/api/v1/predict", json={"study_id": "one", "betas": betas}).json()
    by_parts = client.post(
        "/api/v1/predict", json={"image": film_of(table, "one"), "report": REPORT, "betas": betas}
    ).json()
    assert by_id == by_parts
    assert by_id["model"] == engine.digest
    assert by_id["modalities"] == ["image", "report"]
    encoded = engine.encode(*case_of(table))
    expected = engine.probabilities(encoded, np.array(betas))
    assert [[p["probabilities"][f] for f in engine.findings] for p in by_id["predictions"]] == expected.tolist()


def test_before_any_number_it_says_of_what_the_model_cannot_tell(client, engine, store, monkeypatch):
    monkeypatch.setattr(engine, "known", unlike_films(engine))
    both = client.post("/api/v1/predict", json={"study_id": "one"}).json()
    assert both["in_distribution"] == {"image": pytest.approx(1 / 61), "report": 1.0}
    (why,) = both["cannot_tell"]
    assert (why["kind"], why["modality"], why["nearer"], why["of"]) == ("unlike", "image", 60, 60)
    assert list(both).index("cannot_tell") < list(both).index("predictions")
    alone = client.post("/api/v1/explain", json={"study_id": "report-only", "report_methods": []}).json()
    assert (alone["in_distribution"], alone["cannot_tell"]) == ({"image": None, "report": 1.0}, [])
    flagged = client.post("/api/v1/flag", json={"study_id": "one", "beta": 0.5, "verdict": "unsure"}).json()
    assert flagged["in_distribution"] == store.rows()[-1].in_distribution == {"image": 0.016393, "report": 1.0}


def test_of_a_model_that_was_not_measured_it_says_so(client):
    answer = client.post("/api/v1/predict", json={"study_id": "one"}).json()
    assert (answer["in_distribution"], answer["cannot_tell"]) == ({"image": None, "report": None}, [])
    assert [(u["kind"], u["modality"]) for u in answer["unasked"]] == [
        ("unmeasured", "image"),
        ("unmeasured", "report"),
    ]


def case_of(table):
    study = table.by_id("one")
    return load_film(study), study.report


def test_without_a_report_beta_is_one(client, table):
    answer = client.post("/api/v1/predict", json={"image": film_of(table, "one"), "betas": [0.2]}).json()
    assert (answer["modalities"], answer["predictions"][0]["beta"]) == (["image"], 1.0)


def test_an_explanation_is_the_page_s(client, serving):
    session = Session(beta=0.5)
    *_, last = case_service_of(serving.now).open_study(session, "one", 0.5)
    header, arrays = unpack(last.stage)
    betas = NODES[[0, 7, -1]].tolist()
    answer = client.post(
        "/api/v1/explain", json={"study_id": "one", "betas": betas, "findings": [header["finding"]]}
    ).json()
    (found,) = answer["findings"]
    np.testing.assert_allclose(found["image"][0]["maps"], arrays["cam"][[0, 7, -1]], atol=1e-6)
    scores = [word["scores"] for word in found["report"][0]["words"]]
    np.testing.assert_allclose(np.transpose(scores), arrays["words"][[0, 7, -1]], atol=1e-6)
    np.testing.assert_allclose(found["contributions"]["image"], arrays["contributions"][[0, 7, -1], 0], atol=1e-6)
    assert found["image"][0]["method"] == "gradcam"
    assert answer["text_read"] == REPORT


def test_between_the_nodes_it_is_what_the_method_says_there(client, engine, table):
    asked = {"study_id": "one", "betas": [0.37], "findings": ["Effusion"], "report_methods": []}
    found = client.post("/api/v1/explain", json=asked).json()["findings"][0]
    question = Question(engine, engine.encode(*case_of(table)), engine.finding_index("Effusion"), (0.37,))
    exact = method("image", "gradcam").explain(question).scores
    np.testing.assert_allclose(found["image"][0]["maps"], exact, atol=1e-5 * abs(exact).max())


def test_every_method_can_be_asked_for(client):
    asked = {
        "study_id": "one",
        "findings": ["Effusion"],
        "image_methods": ["layercam"],
        "report_methods": ["contextual_cam"],
    }
    found = client.post("/api/v1/explain", json=asked).json()["findings"][0]
    assert [found["image"][0]["method"], found["report"][0]["method"]] == ["layercam", "contextual_cam"]


def test_a_picture_has_the_size_of_the_film(client, table):
    asked = {"study_id": "one", "betas": [1.0], "findings": ["Effusion"]}
    answer = client.post("/api/v1/explain", json=asked, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    with Image.open(BytesIO(answer.content)) as drawn, Image.open(table.by_id("one").image) as film:
        assert (drawn.format, drawn.size) == ("PNG", film.size)


def test_a_picture_of_a_film_of_which_the_model_cannot_tell_says_so(client, engine, monkeypatch):
    asked = {"study_id": "one", "betas": [1.0], "findings": ["Effusion"]}
    assert "Cannot-Tell" not in client.post("/api/v1/explain", json=asked, headers={"Accept": "image/png"}).headers
    monkeypatch.setattr(engine, "known", unlike_films(engine))
    answer = client.post("/api/v1/explain", json=asked, headers={"Accept": "image/png"})
    assert answer.headers["Cannot-Tell"] == (
        "the film is unlike the films this model learnt from (further than 60 of 60)"
    )


def test_a_picture_of_two_is_refused(client):
    asked = {"study_id": "one", "betas": [0.0, 1.0], "findings": ["Effusion"]}
    answer = client.post("/api/v1/explain", json=asked, headers={"Accept": "image/png"})
    assert answer.status_code == 422


def test_a_flag_holds_what_the_server_computed(client, store, engine, table):
    asked = {
        "study_id": "one",
        "beta": 0.25,
        "verdict": "disagree",
        "corrected_labels": ["Effusion"],
        "comment": "=1+1",
    }
    answer = client.post("/api/v1/flag", json=asked).json()
    row = store.rows()[-1]
    assert (row.flag_id, row.study_id, row.comment, row.report) == (answer["flag_id"], "one", "=1+1", REPORT)
    expected = engine.probabilities(engine.encode(*case_of(table)), np.array([0.25]))[0]
    np.testing.assert_allclose(list(row.probabilities.values()), expected, atol=1e-6)


def test_what_the_server_computes_cannot_be_sent(client, store):
    asked = {"study_id": "one", "beta": 0.25, "verdict": "agree", "probabilities": {"Effusion": 1.0}}
    before = store.rows()
    assert client.post("/api/v1/flag", json=asked).status_code == 422
    assert store.rows() == before


def test_a_retry_with_the_same_id_is_one_row(client, store):
    asked = {"study_id": "one", "beta": 0.5, "verdict": "agree", "flag_id": "try-1"}
    assert [client.post("/api/v1/flag", json=asked).status_code for _ in range(2)] == [200, 200]
    assert [row.flag_id for row in store.rows()].count("try-1") == 1


def test_an_id_that_is_taken_by_another_verdict_is_409_and_the_same_again_is_that_row(client, store):
    asked = {"study_id": "one", "beta": 0.5, "verdict": "agree", "flag_id": "case-1"}
    first = client.post("/api/v1/flag", json=asked)
    rows = store.rows()
    others = [{"study_id": "two"}, {"beta": 0.4}, {"verdict": "unsure"}, {"comment": "no"}, {"reviewer": "B"}]
    for other in others:
        answer = client.post("/api/v1/flag", json=asked | other)
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert "case-1" not in answer.text
    again = client.post("/api/v1/flag", json=asked)
    assert (again.status_code, again.json()) == (200, first.json())
    assert store.rows() == rows
    store.take_out("one")
    assert client.post("/api/v1/flag", json=asked).status_code in (200, 409)
    assert [row.verdict for row in store.rows() if row.flag_id == "case-1"] == ["purged"]


def test_the_same_verdict_sent_again_after_another_model_took_over_is_the_row_that_is_there(client, store, engine):
    asked = {"study_id": "two", "beta": 0.5, "verdict": "agree", "flag_id": "case-2"}
    first = client.post("/api/v1/flag", json=asked).json()
    row = next(row for row in store.rows() if row.flag_id == "case-2")
    older = row.changed(flag_id="case-3", model_digest="ef" * 32, probabilities={"Effusion": 0.5})
    store.append(older)
    answer = client.post("/api/v1/flag", json=asked | {"flag_id": "case-3"})
    assert (answer.status_code, answer.json()["model"]) == (200, "ef" * 32)
    assert first["model"] == engine.digest


def test_a_disk_that_refuses_says_when_to_try_again(client, store, monkeypatch):
    monkeypatch.setattr(turns, "LIMIT", 0.2)
    with store.path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = client.post("/api/v1/flag", json={"study_id": "one", "beta": 0.5, "verdict": "agree"})
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert "another program holds its lock" in answer.json()["detail"]


def test_a_flag_that_was_not_saved_is_no_success(client, store, monkeypatch):
    def full(flag):
        raise StoreError("The flag was not saved: No space left on device.")

    monkeypatch.setattr(store, "save", full)
    answer = client.post("/api/v1/flag", json={"study_id": "one", "beta": 0.5, "verdict": "agree"})
    assert (answer.status_code, answer.json()["detail"]) == (503, "The flag was not saved: No space left on device.")


@pytest.mark.parametrize("beta", BAD_BETAS)
@pytest.mark.parametrize("route", ["predict", "explain", "flag"])
def test_no_beta_but_a_number_from_0_to_1_reaches_the_model(client, unasked, route, beta):
    given = f'"beta": {beta}, "verdict": "agree"' if route == "flag" else f'"betas": [{beta}]'
    answer = client.post(f"/api/v1/{route}", content=f'{{"study_id": "one", {given}}}')
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "beta" in answer.json()["detail"]


@pytest.mark.parametrize("beta", BAD_BETAS)
@pytest.mark.parametrize("route", ["run/predict_at", "api/predict_at", "call/predict_at", "queue/join", "run/predict"])
def test_nor_through_gradio_s_own_routes(app, client, unasked, route, beta):
    page = next(m.kwargs["page"] for m in app.user_middleware if "page" in m.kwargs)
    index = next(i for i, fn in page.fns.items() if fn.api_name == "predict_at")
    data = f'[{{"report": "x", "betas": [{beta}]}}]' if route == "run/predict" else f"[null, {beta}]"
    body = f'{{"data": {data}, "fn_index": {index}, "session_hash": "s"}}'
    answer = client.post(f"/gradio_api/{route}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["status"] == 422


def test_a_call_with_other_values_than_it_takes_is_not_logged(client, capfd):
    answer = client.post("/gradio_api/run/predict_at", json={"data": ["secret words", 0.5, 3]})
    assert answer.status_code == 422
    assert "secret" not in "".join(capfd.readouterr())
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"study_id": "no such study"}', 422),
        (b'{"study_id": "one", "report": "x"}', 422),
        (b'{"image": "bm90IGEgcGljdHVyZQ=="}', 422),
        (b'{"image": "%%%"}', 422),
        (b'{"report": "x", "patient": "x"}', 422),
        (json.dumps({"report": "word " * 5000}).encode(), 422),
        (b"[" * 100_000, 400),
    ],
)
def test_what_cannot_be_used_is_a_problem(client, body, status):
    answer = client.post("/api/v1/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda film: "%%%", "not base64"),
        (lambda film: "", "The file is empty"),
        (lambda film: f"data:image/png;base64,{film}", "without a data: prefix"),
        (lambda film: film[:200] + "%" + film[200:], "not base64"),
        (lambda film: film[:201], "not base64"),
        (lambda film: film + "==", "not base64"),
        (lambda film: film.replace("+", "-").replace("/", "_"), "not base64"),
        (lambda film: film[:200] + "é" + film[200:], "not base64"),
    ],
)
@pytest.mark.parametrize("route", ["predict", "flag"])
def test_a_film_that_is_not_in_base64_is_told_so(client, table, unasked, route, change, says):
    more = {"beta": 0.5, "verdict": "agree"} if route == "flag" else {}
    answer = client.post(f"/api/v1/{route}", json={"image": change(film_of(table, "one")), **more})
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_base64_in_lines_is_read(client, engine, table):
    lines = base64.encodebytes(table.by_id("one").image.read_bytes()).decode()
    sent = [lines, lines.replace("\n", "\r\n"), film_of(table, "one")]
    answers = [client.post("/api/v1/predict", json={"image": image}) for image in sent]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()


def test_too_large_a_body_is_refused_unread(client, monkeypatch):
    monkeypatch.setattr("dashboard.web.request_limits.MAX_BODY", 1000)
    answer = client.post("/api/v1/predict", json={"report": "x" * 2000})
    assert answer.status_code == 413
    streamed = client.post("/api/v1/predict", content=(b"x" * 400 for _ in range(4)))
    assert streamed.status_code == 413


def test_an_error_of_ours_without_a_status_is_the_server_s(app, monkeypatch, serving):
    def broken(work):
        raise RuntimeError("secret")

    monkeypatch.setattr(serving, "compute", broken)
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        answer = client.post("/api/v1/predict", json={"report": "x"})
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_too_much_for_one_request_says_how_much_is_answered(client):
    betas = [round(i / 100, 2) for i in range(101)]
    asked = {"study_id": "one", "betas": betas, "image_methods": ["gradcam"] * 6}
    answer = client.post("/api/v1/explain", json=asked)
    assert answer.status_code == 422
    assert "at most 512" in answer.json()["detail"]


def test_it_says_whether_it_lives_and_is_ready(client):
    assert client.get("/healthz").json() == {"status": "alive"}
    for _ in range(1000):
        if (answer := client.get("/readyz")).status_code == 200:
            break
    assert answer.json() == {"status": "ready"}


def test_metrics_count_and_name_nobody(client):
    client.post("/api/v1/predict", json={"study_id": "one"})
    text = client.get("/metrics").text
    assert 'betalens_stage_seconds_count{stage="encode"}' in text
    assert 'route="/api/v1/predict"' in text
    assert "betalens_explanations_in_line" in text
    assert '"one"' not in text


def test_the_description_has_an_example_of_each_request(client):
    described = client.get("/api/v1/openapi.json").json()
    for name in ("Predict", "Explain", "Flag"):
        (example,) = described["components"]["schemas"][name]["examples"]
        assert client.post(f"/api/v1/{name.lower()}", json=example).status_code == 200


def test_no_request_that_the_description_allows_makes_the_server_fail(app):
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={"Host": "127.0.0.1"})

    for operation in described.get_all_operations():
        run_operation(operation.ok())


def run_operation(operation):
    @given(case=operation.as_strategy())
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case):
        answer = case.call(headers={"Host": "127.0.0.1"})
        assert answer.status_code < 500 or (answer.status_code == 503 and case.path == "/readyz")

    check()


def test_gradio_s_client_gets_the_same(app, client, live):
    asked = {"study_id": "one", "betas": [0.4], "findings": ["Effusion"], "report_methods": ["contextual_cam"]}
    gradio = Client(live(app), verbose=False)
    for route in ("predict", "explain"):
        given = {k: v for k, v in asked.items() if route == "explain" or k in ("study_id", "betas")}
        assert gradio.predict(given, api_name=f"/{route}") == client.post(f"/api/v1/{route}", json=given).json()
    with pytest.raises(AppError, match="no such study"):
        gradio.predict({"study_id": "no such study"}, api_name="/predict")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"report": "x", "betas": [2]}, "betas.*less than or equal to 1"),
        ({"report": 7}, "report.*valid string"),
        ({"image": 7}, "image"),
        ({"report": "x", "patient": "secret"}, "patient"),
        (None, "valid dictionary"),
    ],
)
def test_gradio_s_client_shows_our_sentence(app, live, asked, says):
    with pytest.raises(Exception, match=f"(?s)The request cannot be used: .*{says}") as raised:
        Client(live(app), verbose=False).predict(asked, api_name="/predict")
    assert not isinstance(raised.value, AttributeError)
    assert "secret" not in str(raised.value)
