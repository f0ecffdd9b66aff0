"""The API gives the page's numbers, refuses what it cannot use in one sentence, and never fails."""

import base64
import json
from io import BytesIO

import numpy as np
import pytest
import schemathesis
from fastapi.testclient import TestClient
from gradio_client import Client
from gradio_client.exceptions import AppError
from helpers import REPORT
from hypothesis import HealthCheck, given, settings
from PIL import Image

from dashboard.payload import unpack
from dashboard.server import make_app
from dashboard.serving import Serving
from dashboard.session import Session
from explain import NODES
from explain.base import Question
from explain.methods import method
from model.data import load_film
from model.errors import StoreError
from model.feedback import FeedbackStore

HERE = "http://127.0.0.1"
BAD_BETAS = ["NaN", "Infinity", "-Infinity", "-1", "2", '"x"', "null", "true", "[0.5]"]


@pytest.fixture(scope="module")
def serving(engine, table) -> Serving:
    return Serving(engine, table)


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


def case_of(table):
    study = table.by_id("one")
    return load_film(study), study.report


def test_without_a_report_beta_is_one(client, table):
    answer = client.post("/api/v1/predict", json={"image": film_of(table, "one"), "betas": [0.2]}).json()
    assert (answer["modalities"], answer["predictions"][0]["beta"]) == (["image"], 1.0)


def test_an_explanation_is_the_page_s(client, serving):
    session = Session(beta=0.5)
    *_, last = serving.now.reviewer.open_study(session, "one", 0.5)
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


def test_a_flag_that_was_not_saved_is_no_success(client, store, monkeypatch):
    def full(flag):
        raise StoreError("The flag was not saved: No space left on device.")

    monkeypatch.setattr(store, "append", full)
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


def test_too_large_a_body_is_refused_unread(client, monkeypatch):
    monkeypatch.setattr("dashboard.api.watching.MAX_BODY", 1000)
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
