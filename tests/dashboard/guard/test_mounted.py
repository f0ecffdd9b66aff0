"""A page that a proxy mounts below a path: a real nginx that takes the path off, one that leaves it, and neither."""

import contextlib
import os
import socket
import subprocess
import threading
import time

import httpx
import pytest
import uvicorn
from fronting import nginx
from gradio_client import Client
from started import free_port

from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.web.scripts import address
from model.feedback import FeedbackStore

ROOT = "/betalens"


@pytest.fixture(scope="module")
def app(engine, table, tmp_path_factory):
    return make_app(ModelRegistry(engine, table), FeedbackStore(tmp_path_factory.mktemp("flags")), root_path=ROOT)


@pytest.fixture(scope="module")
def server(app):
    """The port of the application, served as `betalens serve --root-path` does."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, root_path=ROOT, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join(20)


@contextlib.contextmanager
def proxy(folder, passed_to: str):
    """nginx that passes what is below /betalens on; the address of the page."""
    port = free_port()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ {scratch} access_log off; server {{ listen 127.0.0.1:{port};\n"
        f"location {ROOT}/ {{ proxy_pass {passed_to}; proxy_set_header Host $http_host; proxy_buffering off; }} }} }}\n"
    )
    process = subprocess.Popen([nginx(), "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"])
    try:
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}{ROOT}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("below", ["/", ""], ids=["taken off", "left"])
def test_whatever_the_proxy_does_with_the_path_all_is_there(server, tmp_path, below):
    with proxy(tmp_path, f"http://127.0.0.1:{server}{below}") as page, httpx.Client() as browser:
        for path in ("/", "/healthz", "/config", "/api/v1/openapi.json", f"/{address()}/page.js"):
            assert browser.get(f"{page}{path}").status_code == 200, path
        assert browser.get(f"{page}/config").json()["root"].endswith(ROOT)
        for path in ("/gradio_api/file=/etc/passwd", "/betalens/betalens/config"):
            assert browser.get(f"{page}{path}").status_code in (400, 404), path
        answer = browser.post(f"{page}/api/v1/predict", json={"study_id": "one", "betas": [0.4]}).json()
        assert Client(page, verbose=False).predict({"study_id": "one", "betas": [0.4]}, api_name="/predict") == answer
