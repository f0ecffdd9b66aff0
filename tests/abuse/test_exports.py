"""Who gets to know, from what can be saved, whose studies are whose."""

import csv
import io
import json

import pytest
from abuse.conftest import HERE, logged_in, number_of
from accounts import PEOPLE
from fastapi.testclient import TestClient

from dashboard.access import open_access
from dashboard.access.identity import Role
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from explain.cohort.atlas import PRINCIPAL
from explain.cohort.spaces import REPORT
from model.feedback import FeedbackStore
from model.studies.opening import open_studies

EVERYWHERE = [[-9, -9], [9, -9], [9, 9], [-9, 9]]


@pytest.fixture(scope="module")
def app(engine, access_file, tmp_path_factory):
    """Of 24 studies, two of each patient."""
    folder = tmp_path_factory.mktemp("patients")
    rows = [f"s{i},,Report number {i}.,{'Effusion' * (i % 2)},patient-{i // 2},test" for i in range(24)]
    (folder / "studies.csv").write_text("\n".join(["study_id,image,report,label,patient_id,split", *rows]))
    serving = ModelRegistry(engine, open_studies(folder / "studies.csv"))
    return make_app(serving, FeedbackStore(folder / "flags"), open_access(access_file))


def saved_from_atlas(client, app, page: str) -> str:
    """The CSV of all studies on the map, as the page is given it."""
    event = {"space": REPORT, "method": PRINCIPAL, "polygon": EVERYWHERE, "shown": None, "beta": 0.0}
    asked = {"data": [], "fn_index": number_of(app, "show_export"), "session_hash": page, "event_data": event}
    assert client.post("/gradio_api/queue/join", json=asked).status_code == 200
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": page}) as answer:
        said = [json.loads(line.removeprefix("data:")) for line in answer.iter_lines() if line.startswith("data:")]
    (done,) = [message for message in said if message["msg"] == "process_completed"]
    assert done["success"], done
    return json.loads(done["output"]["data"][0])["csv"]


@pytest.fixture(scope="module")
def running(app):
    with TestClient(app, base_url=HERE) as running:
        yield running


@pytest.mark.parametrize("name", PEOPLE)
def test_the_atlas_tells_administrators_alone_whose_studies_are_whose(running, app, name):
    text = saved_from_atlas(logged_in(running, name), app, f"{name}-s-page")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["study_id"] for row in rows] == [f"s{i}" for i in range(24)]
    if PEOPLE[name] == Role.ADMINISTRATOR:
        assert [row["patient_id"] for row in rows] == [f"patient-{i // 2}" for i in range(24)]
    else:
        assert "patient" not in text
