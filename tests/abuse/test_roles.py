"""Roles hold on the server: what the page hides from a viewer or a reviewer is refused to whoever sends it all the
same, by every way there is, and the refusal is written down."""

import json

import pytest
from abuse.conftest import HERE, logged_in, page_of
from accounts import PEOPLE
from fastapi.testclient import TestClient

from dashboard.access import audit, open_access
from dashboard.access.identity import Role
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from model.feedback import FeedbackStore
from model.finetuning.versions import Versions
from model.studies.opening import open_studies

VERDICT = {"study_id": "one", "beta": 0.5, "verdict": "agree"}
NEEDS = {
    "flag": Role.REVIEWER,
    "undo": Role.REVIEWER,
    "save_beta": Role.ADMINISTRATOR,
    "export": Role.ADMINISTRATOR,
    "finetune": Role.ADMINISTRATOR,
    "cancel_finetune": Role.ADMINISTRATOR,
}
# What is asked, and the page's function with what happened there that asks it.
WAYS = [
    ("flag", "flag", None),
    ("flag", "keep", {"verdict": "agree"}),
    ("undo", "undo", None),
    ("save_beta", "save", {"beta": 0.1}),
    ("export", "download", {"what": "feedback"}),
    ("export", "download", {"what": "finetune"}),
    ("finetune", "run", None),
    ("cancel_finetune", "cancel", None),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("flags"))


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> Versions:
    return Versions(tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def app(engine, store, versions, access_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    (folder / "studies.csv").write_text("study_id,image,report,label,split\none,,The lungs are clear.,,test\n")
    return make_app(
        ModelRegistry(engine, open_studies(folder / "studies.csv"), versions), store, open_access(access_file)
    )


@pytest.fixture(scope="module")
def running(app):
    with TestClient(app, base_url=HERE) as running:
        yield running


@pytest.fixture
def audited(tmp_path):
    """The lines of the audit log."""
    before = audit.log.handlers
    audit.keep(tmp_path / "audit.jsonl")
    yield lambda: [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    audit.log.handlers = before


def ask(client, app, page: str, name: str, event) -> str:
    """All that a function of the page answers."""
    # Of those called so, the last one is the form's.
    number, fn = [(number, fn) for number, fn in page_of(app).fns.items() if fn.name == name][-1]
    values = {"slider": 0.5, "textbox": "Clear.", "api": VERDICT}
    asked = {"data": [values.get(block.get_block_name()) for block in fn.inputs], "event_data": event}
    asked |= {"fn_index": number, "session_hash": page}
    if not fn.queue:
        return client.post(f"/gradio_api/run/{fn.api_name}", json=asked).text
    client.post("/gradio_api/queue/join", json=asked).raise_for_status()
    return client.get("/gradio_api/queue/data", params={"session_hash": page}).text


@pytest.mark.parametrize(
    ("name", "what", "function", "event"),
    [(name, *way) for name, role in PEOPLE.items() for way in WAYS if role < NEEDS[way[0]]],
)
def test_what_a_role_does_not_allow_is_refused_and_written_down(
    running, app, store, versions, audited, name, what, function, event
):
    client, before = logged_in(running, name), store.rows()
    page = f"{name}-{function}"
    ask(client, app, page, "begin", None)
    answered = ask(client, app, page, function, event)
    assert f"This takes the role {NEEDS[what].name.lower()}" in answered
    refused = [(x["who"], x["what"], x["needs"]) for x in audited() if x["action"] == "refused"]
    assert refused == [(name, what, NEEDS[what].name.lower())]
    assert store.rows() == before
    assert versions.names() == []


@pytest.mark.parametrize(
    ("name", "function", "event"),
    [("rita", "flag", None), ("rita", "keep", {"verdict": "agree"}), ("ada", "download", {"what": "feedback"})],
)
def test_and_what_it_allows_is_done(running, app, store, audited, name, function, event):
    client, before = logged_in(running, name), len(store.rows())
    page = f"{name}-{function}-allowed"
    ask(client, app, page, "begin", None)
    answered = ask(client, app, page, function, event)
    assert "This takes the role" not in answered
    assert [x for x in audited() if x["action"] == "refused"] == []
    assert (len(store.rows()) == before + 1) if function != "download" else "flags.csv" in answered
