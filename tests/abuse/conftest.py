"""Servers that are attacked, and who attacks them. Everything is on loopback, and on files made for it."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from accounts import PASSWORD, make_accounts
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.access import open_access
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from model.feedback import FeedbackStore
from model.studies.opening import open_studies

HERE = "http://127.0.0.1"


@pytest.fixture(scope="session")
def serving(engine, tmp_path_factory) -> ModelRegistry:
    folder = tmp_path_factory.mktemp("studies")
    (folder / "studies.csv").write_text("study_id,image,report,label,split\none,,The lungs are clear.,,test\n")
    return ModelRegistry(engine, open_studies(folder / "studies.csv"))


@pytest.fixture(scope="session")
def access_file(tmp_path_factory) -> Path:
    return make_accounts(tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="session")
def open_app(serving, tmp_path_factory) -> FastAPI:
    """Without a login."""
    return make_app(serving, FeedbackStore(tmp_path_factory.mktemp("flags")))


@pytest.fixture(scope="session")
def app(serving, access_file, tmp_path_factory) -> FastAPI:
    """With logins."""
    return make_app(serving, FeedbackStore(tmp_path_factory.mktemp("flags")), open_access(access_file))


@pytest.fixture(scope="session")
def anyone(open_app):
    """Of the server without a login."""
    with TestClient(open_app, base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def as_reader(app) -> Callable[[str], TestClient]:
    """Whoever is named, logged in; "" nobody."""
    with TestClient(app, base_url=HERE) as running:
        yield lambda name: logged_in(running, name)


def logged_in(running: TestClient, name: str) -> TestClient:
    """A client of an application that runs, logged in under a name; "" as nobody."""
    client = TestClient(running.app, base_url=HERE, follow_redirects=False)
    client.portal = running.portal  # all in one event loop, as on a server
    if name:
        assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 200
    return client


def page_of(app: FastAPI) -> gr.Blocks:
    return next(m.kwargs["page"] for m in app.user_middleware if "page" in m.kwargs)


def number_of(app: FastAPI, name: str) -> int:
    """The number of one of the page's functions."""
    return next(number for number, fn in page_of(app).fns.items() if fn.name == name)
