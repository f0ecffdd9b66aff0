"""Of Gradio's routes those answer that its page and its client use, and nothing else: no other host is ever asked."""

import re
import sys
import tempfile
from pathlib import Path

import gradio
import pytest
from abuse.conftest import HERE
from fastapi.testclient import TestClient
from helpers import routes_of
from starlette.websockets import WebSocketDisconnect

from dashboard.guard.routes import ALLOWED


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of 6.31.0, as the table of its application lists them. A route that is not here is new: look what it does, then add it
# here and, only where the page cannot do without it, to dashboard.guard.routes.
KNOWN = words("""
/ /assets/{path:path} /config /config/ /favicon.ico /login /login/ /logout /manifest.json /monitoring
/monitoring/summary /monitoring/{key} /openapi.json /pwa_icon /pwa_icon/{size} /robots.txt /static/{path:path}
/svelte/{path:path} /theme.css /gradio_api/api/{api_name} /gradio_api/api/{api_name}/ /gradio_api/app_id
/gradio_api/app_id/ /gradio_api/call/v2/{api_name} /gradio_api/call/v2/{api_name}/
/gradio_api/call/v2/{api_name}/{event_id} /gradio_api/call/{api_name} /gradio_api/call/{api_name}/
/gradio_api/call/{api_name}/{event_id} /gradio_api/cancel /gradio_api/component_server /gradio_api/component_server/
/gradio_api/custom_component/{id}/{environment}/{type}/{file_name} /gradio_api/deep_link /gradio_api/dev/reload
/gradio_api/file/{path:path} /gradio_api/file={path_or_url:path} /gradio_api/heartbeat/{session_hash} /gradio_api/info
/gradio_api/info/ /gradio_api/login_check /gradio_api/login_check/ /gradio_api/openapi.json
/gradio_api/process_recording /gradio_api/proxy={url_path:path} /gradio_api/queue/data /gradio_api/queue/join
/gradio_api/queue/status /gradio_api/reset /gradio_api/reset/ /gradio_api/run/{api_name} /gradio_api/run/{api_name}/
/gradio_api/runs /gradio_api/runs/ /gradio_api/startup-events /gradio_api/stream/{event_id}
/gradio_api/stream/{event_id}/close /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file
/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8
/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext} /gradio_api/theme.css /gradio_api/token
/gradio_api/token/ /gradio_api/undo-vibe-edit /gradio_api/undo-vibe-edit/ /gradio_api/upload
/gradio_api/upload_progress /gradio_api/user /gradio_api/user/ /gradio_api/vibe-code /gradio_api/vibe-code/
/gradio_api/vibe-edit /gradio_api/vibe-edit/ /gradio_api/vibe-starter-queries /gradio_api/vibe-starter-queries/
""")
USED = words("""
/ /assets/{path:path} /config /favicon.ico /manifest.json /static/{path:path} /theme.css /gradio_api/api/{api_name}
/gradio_api/app_id /gradio_api/call/{api_name} /gradio_api/call/{api_name}/{event_id} /gradio_api/cancel
/gradio_api/heartbeat/{session_hash} /gradio_api/info /gradio_api/queue/data /gradio_api/queue/join
/gradio_api/run/{api_name} /gradio_api/upload /gradio_api/upload_progress
""")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]


def gradios(app) -> list[str]:
    """The routes of the application that Gradio mounts."""
    (mounted,) = (route for route in app.routes if getattr(route, "path", None) == "" and hasattr(route, "app"))
    return sorted({path for _, path in routes_of(mounted.routes)})


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "x", path)


def test_the_live_table_has_no_route_that_nobody_has_looked_at(open_app):
    assert set(gradios(open_app)) == KNOWN, f"Gradio is {gradio.__version__}"


def test_a_route_that_the_page_does_not_use_is_not_there(open_app, anyone):
    for path in gradios(open_app):
        if path in USED:
            continue
        for method in METHODS:
            answer = anyone.request(method, filled(path))
            assert answer.status_code == 404, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert not any(name.startswith("access-control") for name in answer.headers)


def test_each_that_it_uses_takes_its_own_methods_alone(anyone):
    for path in USED:
        (methods,) = (methods for allowed, methods in ALLOWED if allowed.fullmatch(filled(path) or "/"))
        for method in set(METHODS) - methods:
            assert anyone.request(method, filled(path)).status_code == 405, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://127.0.0.1:9/x.png",
        "/gradio_api/file=https://betalens.invalid/x.png",
        "/gradio_api/file=%2Fetc%2Fpasswd",
        "/gradio_api/file%3D/etc/passwd",
        "/gradio_api/%66ile=/etc/passwd",
        "//gradio_api/file=/etc/passwd",
        "/./gradio_api/file=/etc/passwd",
        "/x/../gradio_api/file=/etc/passwd",
        "/x/%2e%2e/gradio_api/file=/etc/passwd",
        "/gradio_api//file=/etc/passwd",
        "/gradio_api/file=/etc/passwd;x",
        "/gradio_api/FILE=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/file=/etc/passwd%00",
        "/gradio_api/file=x%0a",
        "/config%0a",
        "/gradio_api/queue/data%0a",
        "/gradio_api/proxy=https://x.hf.space/",
        "/assets/../../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/index.html",
        "/static/..%2f..%2findex.html",
        "/assets/http://127.0.0.1:9/",
        "/api/v1/../../gradio_api/file=/etc/passwd",
        "/betalens/../gradio_api/file=/etc/passwd",
        "/betalens/%2e%2e/gradio_api/file=/etc/passwd",
    ],
)
def test_no_spelling_reaches_one_that_is_not_there(anyone, path):
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert anyone.request(method, path).status_code in (404, 405)


def test_a_page_mounted_by_a_proxy_has_the_same_routes(open_app, anyone):
    client = TestClient(open_app, base_url=HERE, root_path="/beta")
    client.portal = anyone.portal
    assert client.get("/beta/config").status_code == 200
    for path in ("/beta/gradio_api/file=/etc/passwd", "/betagradio_api/file=/etc/passwd", "/beta//config"):
        assert client.get(path).status_code == 404


def test_websockets_are_closed(anyone):
    with pytest.raises(WebSocketDisconnect), anyone.websocket_connect("/gradio_api/queue/join"):
        pass


def test_gradio_is_told_nothing_by_a_query(anyone):
    plain = anyone.get("/config").json()
    assert anyone.get("/config?deep_link=../../x&page=x&all_endpoints=1").json() == plain
    assert "deep_link_state" not in plain


def test_no_path_of_this_machine_is_told(anyone):
    here = (sys.prefix, Path(gradio.__file__).parent, Path.cwd(), tempfile.gettempdir())
    places = [str(Path(place).resolve()) for place in here]
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/app_id", "/manifest.json"):
        said = anyone.get(path).text
        assert [place for place in places if f"{place}/" in said] == [], path
