"""Nobody gets anything without a login, and everybody what their role allows."""

import base64
import json
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from accounts import PASSWORD, make_accounts
from argon2 import PasswordHasher, extract_parameters
from fastapi.testclient import TestClient
from gradio_client import Client
from helpers import routes_of

from dashboard.access import audit, open_access
from dashboard.access.cookies import SESSION
from dashboard.access.ended import EndedSessions
from dashboard.access.gate import OPEN
from dashboard.access.identity import Identity, Role
from dashboard.access.lockout import MOST_FAILURES
from dashboard.access.sessions import Rules
from dashboard.access.users import Users, read_users, remove_user, set_user
from dashboard.guard.hosts import is_loopback
from dashboard.review.service import ReviewService, case_service_of
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from model.errors import AccessError
from model.feedback import FeedbackStore

HERE = "http://127.0.0.1"
VERDICT = {"study_id": "one", "beta": 0.5, "verdict": "agree"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_accounts(tmp_path_factory.mktemp("access")).parent


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("flags"))


@pytest.fixture(scope="module")
def access(folder):
    return open_access(folder / "access.toml")


@pytest.fixture(scope="module")
def app(engine, table, store, access):
    return make_app(ModelRegistry(engine, table), store, access)


@pytest.fixture(autouse=True)
def unlocked(access):
    access.way.lockout.__init__()


@pytest.fixture
def client(app):
    with TestClient(app, base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def audited(caplog):
    """The lines of the audit log."""
    audit.log.addHandler(caplog.handler)
    audit.log.setLevel(logging.INFO)
    yield lambda: [json.loads(r.message) for r in caplog.records if r.name == "betalens.audit"]
    audit.log.removeHandler(caplog.handler)


def log_in(client, name: str, password: str = PASSWORD):
    return client.post("/login", data={"username": name, "password": password})


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_every_route_there_is_asks_for_a_login(app, client):
    walked = sorted({(method, re.sub(r"{.*?}", "", path)) for method, path in routes_of(app.routes)})
    paths = {path for _, path in walked}
    gradio = {"/config", "/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/info", "/gradio_api/file="}
    assert gradio | {"/", "/api/v1/predict", "/api/v1/openapi.json", "/metrics", "/logout"} <= paths
    assert len(walked) > 80
    for method, path in walked:
        if path not in OPEN | {"/login"}:
            assert client.request(method, path).status_code == 401, (method, path)


@pytest.mark.parametrize(
    "path",
    ["//config", "/login/../config", "/healthz/../config", "/healthz/", "/%2e/config", "/login/x", "/readyz?/config"],
)
def test_no_spelling_of_a_path_gets_around_it(client, path):
    answer = client.get(path)
    assert answer.status_code in (401, 404) or path.startswith("/readyz")
    assert "components" not in answer.text


def test_whether_it_lives_is_told_to_all(client):
    assert client.get("/healthz").status_code == 200


def test_a_browser_is_shown_the_form_in_its_language(client):
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert 'name="password"' in page.text
    chinese = client.get("/", headers={"Accept": "text/html", "Accept-Language": "zh-CN,zh"})
    assert "请登录" in chinese.text


def test_a_name_and_password_open_the_page(client):
    assert client.post("/login", data={"username": "rita", "password": PASSWORD, "page": "1"}).status_code == 303
    assert client.get("/config").status_code == 200
    client.post("/logout")
    assert client.get("/config").status_code == 401


def test_the_cookie_is_for_this_server_s_pages_alone(app):
    for scheme in ("http", "https"):
        with TestClient(app, base_url=f"{scheme}://127.0.0.1") as client:
            cookie = log_in(client, "rita").headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) == (scheme == "https")
        assert "rita" not in cookie


def test_a_cookie_that_was_changed_is_none(client):
    log_in(client, "vera")
    payload, rest = client.cookies[SESSION].split(".", 1)
    forged = base64.b64encode(base64.b64decode(payload).replace(b"vera", b"ada!")).decode()
    whole = f"{payload}.{rest}"
    client.cookies.clear()
    for cookie in (f"{forged}.{rest}", whole[:-1], whole[1:], whole * 2, "x" * 100_000, ""):
        assert client.get("/config", headers={"Cookie": f"{SESSION}={cookie}"}).status_code in (401, 431)
    assert client.get("/config", headers={"Cookie": f"{SESSION}={whole}"}).status_code == 200


@pytest.mark.parametrize("name", ["rita", "nobody"])
def test_who_guesses_is_kept_waiting(client, name):
    for _ in range(MOST_FAILURES):
        assert log_in(client, name, "wrong password").status_code == 401
    assert log_in(client, name).status_code == 429
    assert client.get("/config", headers=basic(name)).status_code == 401
    assert log_in(client, "ada").status_code == 200  # and nobody else


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(client, access, monkeypatch):
    """As many passwords are judged, by hashes that take as long."""
    passwords, judged = access.way.passwords, []

    class Hasher:
        def verify(self, stored: str, password: str) -> bool:
            judged.append(extract_parameters(stored))
            return PasswordHasher().verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Hasher())
    for name in ("rita", "nobody", "Rita", "rita ", ""):
        assert log_in(client, name, "wrong password").status_code == 401
    assert len(judged) == 5
    assert all(parameters == judged[0] for parameters in judged)


def test_programs_log_in_with_each_request(client):
    asked = {"json": {"study_id": "one"}}
    assert client.post("/api/v1/predict", headers=basic("vera"), **asked).status_code == 200
    refused = client.post("/api/v1/predict", headers=basic("vera", "wrong password"), **asked)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert client.post("/api/v1/predict", headers={"Authorization": "Basic %"}, **asked).status_code == 401


def test_the_role_says_who_may_give_verdicts(client, store):
    before = len(store.rows())
    refused = client.post("/api/v1/flag", json=VERDICT, headers=basic("vera"))
    assert refused.status_code == 403
    assert "reviewer" in refused.json()["detail"]
    assert len(store.rows()) == before
    said = client.post("/api/v1/flag", json=VERDICT | {"reviewer": "somebody else"}, headers=basic("rita"))
    assert said.status_code == 200
    assert store.rows()[-1].reviewer == "rita"


def test_who_is_taken_out_of_the_file_is_out(engine, table, store, folder, tmp_path):
    app = make_app(ModelRegistry(engine, table), store, open_access(make_accounts(tmp_path)))
    with TestClient(app, base_url=HERE) as client:
        log_in(client, "rita")
        assert client.get("/config").status_code == 200
        set_user(tmp_path / "users.json", "rita", Role.REVIEWER, "another password")
        assert client.get("/config").status_code == 401
        log_in(client, "rita", "another password")
        remove_user(tmp_path / "users.json", "rita")
        assert client.get("/config").status_code == 401
        assert client.get("/config", headers=basic("rita", "another password")).status_code == 401


def test_gradio_s_client_logs_in(app, live):
    address = live(app)
    answer = Client(address, auth=("vera", PASSWORD), verbose=False).predict({"study_id": "one"}, api_name="/predict")
    assert answer["modalities"] == ["image", "report"]
    with pytest.raises(Exception, match="credentials"):
        Client(address, auth=("vera", "wrong password"), verbose=False)


def test_a_page_is_that_of_whoever_opened_it(engine, table, monkeypatch):
    serving, session = ModelRegistry(engine, table), Session(beta=0.5)
    monkeypatch.setattr("dashboard.serving.model_registry.who", lambda: Identity("rita", Role.REVIEWER))
    list(case_service_of(ReviewService(serving).current(session)).open_study(session, "one", 0.5))
    assert (session.login, session.reviewer) == ("rita", "rita")
    monkeypatch.setattr("dashboard.serving.model_registry.who", lambda: Identity("vera", Role.VIEWER))
    for take in (serving.model_for_session, ReviewService(serving).current):
        with pytest.raises(AccessError, match="another login"):
            take(session)


def test_what_was_done_is_written_down_and_no_secret(client, audited):
    log_in(client, "rita")
    log_in(client, "rita", "wrong password")
    client.post("/api/v1/flag", json=VERDICT | {"comment": "a private remark"}, headers=basic("rita"))
    client.post("/logout")
    lines = audited()
    assert [(line["who"], line["action"]) for line in lines] == [
        ("rita", "login"), ("rita", "login_failed"), ("rita", "look"), ("rita", "flag"), ("rita", "logout"),
    ]  # fmt: skip
    assert lines[2]["case"] == "one"
    written = json.dumps(lines)
    assert not [secret for secret in (PASSWORD, "wrong password", "a private remark", "effusion") if secret in written]


def test_the_audit_log_goes_to_a_file(tmp_path, client):
    before = audit.log.handlers
    try:
        audit.keep(tmp_path / "audit.jsonl")
        log_in(client, "ada")
    finally:
        audit.log.handlers = before
    assert json.loads((tmp_path / "audit.jsonl").read_text())["action"] == "login"
    with pytest.raises(AccessError, match="cannot be written"):
        audit.keep(tmp_path / "no such folder" / "audit.jsonl")


def test_every_answer_carries_the_headers(client):
    log_in(client, "vera")
    for path in ("/", "/config", "/healthz", "/no such page"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


def test_by_tls_browsers_are_told_to_keep_to_it(app):
    with TestClient(app, base_url="https://127.0.0.1") as client:
        assert client.get("/healthz").headers["strict-transport-security"]


def test_without_a_login_the_page_answers_to_this_machine_s_names_alone(engine, table, store):
    app = make_app(ModelRegistry(engine, table), store)
    for host, status in (("127.0.0.1", 200), ("localhost:7860", 200), ("attacker.example", 400)):
        with TestClient(app, base_url=HERE) as client:
            assert client.get("/config", headers={"Host": host}).status_code == status


def test_hashes_are_argon2_and_the_file_is_its_owner_s(folder):
    assert all(user.hash.startswith("$argon2id$") for user in read_users(folder / "users.json").values())
    assert (folder / "users.json").stat().st_mode & 0o077 == 0


def test_people_who_are_added_at_once_are_all_there(tmp_path):
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda i: set_user(tmp_path / "users.json", f"u{i}", Role.VIEWER, PASSWORD), range(6)))
    assert len(read_users(tmp_path / "users.json")) == 6


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_changes_in_the_file_leaves_it_to_the_service(tmp_path):
    file = tmp_path / "users.json"
    os.chown(tmp_path, 0, 12345)
    set_user(file, "ada", Role.ADMINISTRATOR, PASSWORD)
    assert file.stat().st_gid == 12345
    file.chmod(0o640)
    set_user(file, "rita", Role.REVIEWER, PASSWORD)
    remove_user(file, "ada")
    assert (file.stat().st_gid, file.stat().st_mode & 0o777) == (12345, 0o640)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", PASSWORD, "name"),
        ("a:b", PASSWORD, "colon"),
        ("a\nb", PASSWORD, "control"),
        ("anna", "short", "has 5"),
    ],
)
def test_who_cannot_be_added(tmp_path, name, password, said):
    with pytest.raises(AccessError, match=said):
        set_user(tmp_path / "users.json", name, Role.VIEWER, password)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "exactly one"),
        ('[users]\nfile = "u"\n[oidc]\nissuer = "https://x"\nclient_id = "b"', "exactly one"),
        ('[users]\nfile = "missing.json"', "cannot be read"),
        ('[users]\nfil = "u"', "users.file"),
        ('[proxy]\nuser_header = "U"\ngroups_header = "G"\n[roles]', "proxies"),
        ('proxies = ["here"]\n[users]\nfile = "u"', "proxies.0"),
        ('[oidc]\nissuer = "https://x"\nclient_id = "b"', "roles"),
        ("[users", "TOML"),
    ],
)
def test_an_access_file_that_cannot_be_used_says_why(tmp_path, text, said):
    (tmp_path / "access.toml").write_text(text)
    with pytest.raises(AccessError, match=said):
        open_access(tmp_path / "access.toml")


def test_a_file_without_users_lets_nobody_in(tmp_path):
    (tmp_path / "users.json").write_text("{}")
    with pytest.raises(AccessError, match="Nobody is in"):
        Users(tmp_path / "users.json", Rules(60, 60, EndedSessions(tmp_path, 60)), "")


def test_a_short_secret_is_refused(folder, monkeypatch):
    monkeypatch.setenv("BETALENS_SECRET", "short")
    with pytest.raises(AccessError, match="BETALENS_SECRET has 5 characters"):
        open_access(folder / "access.toml")


def test_a_session_holds_on_another_replica(engine, table, store, folder, monkeypatch):
    monkeypatch.setenv("BETALENS_SECRET", "0123456789abcdef" * 2)
    apps = [make_app(ModelRegistry(engine, table), store, open_access(folder / "access.toml")) for _ in range(2)]
    with TestClient(apps[0], base_url=HERE) as first, TestClient(apps[1], base_url=HERE) as second:
        log_in(first, "rita")
        assert second.get("/config", cookies=dict(first.cookies)).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_what_is_loopback(host, local):
    assert is_loopback(host) == local
