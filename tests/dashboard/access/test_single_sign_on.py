"""A trusted proxy's headers, and an OpenID Connect provider that is really asked."""

import base64
import hashlib
import hmac
import json
import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Form
from fastapi.responses import RedirectResponse
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from dashboard.access import open_access
from dashboard.access.identity import Identity, Role
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from model.errors import AccessError
from model.feedback import FeedbackStore

ROLES = """
[roles]
viewer = ["radiology"]
reviewer = ["radiologists"]
administrator = ["imaging-it"]
"""


@pytest.fixture(scope="module")
def serving(engine, table) -> ModelRegistry:
    return ModelRegistry(engine, table)


@pytest.fixture(scope="module")
def proxied(serving, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxied")
    proxy = 'proxies = ["10.0.0.0/8"]\n[proxy]\nuser_header = "X-Forwarded-User"\ngroups_header = "X-Forwarded-Groups"'
    (folder / "access.toml").write_text(proxy + ROLES)
    app = make_app(serving, FeedbackStore(folder / "flags"), open_access(folder / "access.toml"))
    app.state.store = FeedbackStore(folder / "flags")  # for the tests
    return app


def flag_as(app, peer: str, **headers: str) -> int:
    client = TestClient(app, base_url="http://betalens.example", client=(peer, 50000))
    asked = {"study_id": "one", "beta": 0.5, "verdict": "agree"}
    return client.post("/api/v1/flag", json=asked, headers=headers).status_code


def said(user: str, groups: str) -> dict[str, str]:
    return {"X-Forwarded-User": user, "X-Forwarded-Groups": groups}


def test_the_proxy_says_who_and_which_groups(proxied):
    assert flag_as(proxied, "10.1.2.3", **said("rita", "everyone, radiologists")) == 200
    assert flag_as(proxied, "10.1.2.3", **said("vera", "radiology")) == 403
    assert flag_as(proxied, "10.1.2.3", **said("cleo", "cleaning")) == 401
    assert flag_as(proxied, "10.1.2.3") == 401


def test_nobody_else_is_believed(proxied):
    assert flag_as(proxied, "192.168.0.9", **said("rita", "radiologists")) == 401
    forged = said("rita", "radiologists") | {"X-Forwarded-For": "10.1.2.3"}
    assert flag_as(proxied, "192.168.0.9", **forged) == 401


def test_behind_the_proxy_the_scheme_is_what_it_says(proxied):
    for peer, secure in (("10.1.2.3", True), ("192.168.0.9", False)):
        client = TestClient(proxied, base_url="http://betalens.example", client=(peer, 50000))
        headers = client.get("/healthz", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}).headers
        assert ("strict-transport-security" in headers) == secure


def test_the_page_says_that_the_way_in_is_elsewhere(proxied):
    client = TestClient(proxied, base_url="http://betalens.example", client=("10.1.2.3", 50000))
    page = client.get("/", headers={"Accept": "text/html"} | said("cleo", "cleaning"))
    assert page.status_code == 401
    assert "no role here" in page.text
    assert "<form" not in page.text


class Provider:
    """An OpenID Connect provider: discovery, consent that is always given, tokens signed with its own key."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.published = {"keys": [self.key.as_dict(private=False)]}
        self.groups: object = []
        self.subject = "17"
        self.claims: dict[str, object] = {}  # in the place of those that are right; None: it is missing
        self.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        self.challenge = self.nonce = ""
        self.issuer = ""
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self.discover)
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)
        self.app.get("/keys")(self.keys)

    def discover(self):
        at = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {
            "issuer": self.issuer,
            "id_token_signing_alg_values_supported": ["RS256"],
            **{name: f"{self.issuer}/{path}" for name, path in at.items()},
        }

    def authorize(self, redirect_uri: str, state: str, nonce: str, code_challenge: str):
        self.challenge, self.nonce = code_challenge, nonce
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': 'a-code', 'state': state})}")

    def token(self, code: str = Form(), code_verifier: str = Form()):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "betalens", "sub": self.subject, "preferred_username": "rita", "iat": now,
                  "exp": now + 60, "nonce": self.nonce, "groups": self.groups}  # fmt: skip
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)}

    def keys(self):
        return self.published


@pytest.fixture
def provider(live) -> Provider:
    provider = Provider()
    provider.issuer = live(provider.app)
    return provider


@pytest.fixture
def signed_on(provider, serving, tmp_path, monkeypatch):
    monkeypatch.setenv("BETALENS_OIDC_SECRET", "the client's secret")
    (tmp_path / "access.toml").write_text(f'[oidc]\nissuer = "{provider.issuer}"\nclient_id = "betalens"\n{ROLES}')
    app = make_app(serving, FeedbackStore(tmp_path / "flags"), open_access(tmp_path / "access.toml"))
    with TestClient(app, base_url="http://betalens.example", follow_redirects=False) as client:
        yield client


def come_back(client: TestClient) -> httpx.Response:
    """From the page to the provider and back."""
    away = client.get("/login")
    assert away.status_code == 302
    back = httpx.get(away.headers["location"]).headers["location"]
    return client.get(back)


def test_whom_the_provider_names_is_let_in(provider, signed_on):
    provider.groups = ["radiologists"]
    assert signed_on.get("/config").status_code == 401
    assert 'href="login"' in signed_on.get("/", headers={"Accept": "text/html"}).text
    assert come_back(signed_on).headers["location"] == "/"
    assert provider.challenge
    asked = {"study_id": "one", "beta": 0.5, "verdict": "agree"}
    assert signed_on.post("/api/v1/flag", json=asked).status_code == 200


def test_who_has_no_role_is_not(provider, signed_on):
    provider.groups = ["cleaning"]
    assert come_back(signed_on).headers["location"] == "/?failed=role"
    assert signed_on.get("/config").status_code == 401


def test_an_answer_that_was_not_asked_for_logs_nobody_in(provider, signed_on):
    provider.groups = ["imaging-it"]
    assert signed_on.get("/oidc/callback?code=a-code&state=forged").headers["location"] == "/?failed=provider"
    away = signed_on.get("/login").headers["location"]
    assert {"state", "nonce", "code_challenge"} <= parse_qs(urlsplit(away).query).keys()
    assert signed_on.get("/config").status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "guessed"}, {"nonce": None}, {"aud": "another client"}, {"aud": None}, {"iss": "https://evil.example"},
        {"iss": None}, {"exp": 1}, {"exp": None}, {"sub": None}, {"iat": 2**40},
    ],
)  # fmt: skip
def test_a_token_for_somebody_else_or_another_time_logs_nobody_in(provider, signed_on, claims):
    provider.groups, provider.claims = ["imaging-it"], claims
    assert come_back(signed_on).headers["location"] == "/?failed=provider"
    assert signed_on.get("/config").status_code == 401


@pytest.mark.parametrize("how", ["not at all", "with the client's secret", "with the public key as a secret"])
def test_a_token_that_is_signed_as_anybody_could_logs_nobody_in(provider, signed_on, how):
    def part(value: bytes | dict) -> bytes:
        value = json.dumps(value).encode() if isinstance(value, dict) else value
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    def sign(claims: dict) -> str:
        secret = {"with the client's secret": b"the client's secret", "not at all": b""}.get(how)
        secret = provider.key.as_pem(private=False) if secret is None else secret
        head = {"alg": "HS256" if secret else "none", "kid": "one"}
        signed = part(head) + b"." + part(claims)
        mark = hmac.digest(secret, signed, "sha256") if secret else b""
        return (signed + b"." + part(mark)).decode()

    provider.groups, provider.sign = ["imaging-it"], sign
    assert come_back(signed_on).headers["location"] == "/?failed=provider"
    assert signed_on.get("/config").status_code == 401


def test_an_answer_that_was_used_logs_nobody_else_in(provider, signed_on):
    provider.groups = ["imaging-it"]
    back = httpx.get(signed_on.get("/login").headers["location"]).headers["location"]
    assert signed_on.get(back).headers["location"] == "/"
    signed_on.cookies.clear()
    assert signed_on.get(back).headers["location"] == "/?failed=provider"
    signed_on.get("/login")
    assert signed_on.get(back).headers["location"] == "/?failed=provider"
    assert signed_on.get("/config").status_code == 401


def test_a_token_that_another_key_signed_logs_nobody_in(provider, signed_on, monkeypatch):
    provider.groups = ["imaging-it"]
    monkeypatch.setattr(provider, "key", RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))
    assert come_back(signed_on).headers["location"] == "/?failed=provider"
    assert signed_on.get("/config").status_code == 401


def test_a_provider_that_does_not_answer_is_said(serving, tmp_path, monkeypatch):
    monkeypatch.setenv("BETALENS_OIDC_SECRET", "the client's secret")
    (tmp_path / "access.toml").write_text(f'[oidc]\nissuer = "http://127.0.0.1:9"\nclient_id = "betalens"\n{ROLES}')
    app = make_app(serving, FeedbackStore(tmp_path / "flags"), open_access(tmp_path / "access.toml"))
    client = TestClient(app, base_url="http://betalens.example", follow_redirects=False)
    assert client.get("/login").headers["location"] == "/?failed=provider"


def test_two_people_of_one_name_share_neither_pages_nor_verdicts(provider, serving, tmp_path, monkeypatch):
    monkeypatch.setenv("BETALENS_OIDC_SECRET", "the client's secret")
    (tmp_path / "access.toml").write_text(f'[oidc]\nissuer = "{provider.issuer}"\nclient_id = "betalens"\n{ROLES}')
    store = FeedbackStore(tmp_path / "flags")
    app = make_app(serving, store, open_access(tmp_path / "access.toml"))
    provider.groups = ["radiologists"]
    for subject in ("17", "18"):
        provider.subject = subject
        with TestClient(app, base_url="http://betalens.example", follow_redirects=False) as client:
            assert come_back(client).headers["location"] == "/"
            client.post("/api/v1/flag", json={"study_id": "one", "beta": 0.5, "verdict": "agree"}).raise_for_status()
    first, second = (flag.reviewer for flag in store.rows())
    assert first != second
    assert all(re.fullmatch(r"rita \([0-9a-f]{12}\)", name) for name in (first, second))
    digest = hashlib.sha256(f"{provider.issuer}#17".encode()).hexdigest()
    assert first == f"rita ({digest[:12]})"


def test_a_page_of_one_is_not_another_s_of_the_same_name(serving, monkeypatch):
    session = Session(beta=0.5)
    for key in ("https://login#17", "https://login#18"):
        monkeypatch.setattr(
            "dashboard.serving.model_registry.who", lambda key=key: Identity("rita", Role.REVIEWER, key)
        )
        if session.login is None:
            serving.model_for_session(session)
        else:
            with pytest.raises(AccessError, match="another login"):
                serving.model_for_session(session)


@pytest.mark.parametrize("groups", [[{"name": "imaging-it"}], {"imaging-it": True}, [17], [["imaging-it"]]])
def test_groups_that_are_no_names_are_refused_with_a_sentence(provider, signed_on, groups):
    provider.groups = groups
    assert come_back(signed_on).headers["location"] == "/?failed=groups"
    assert "a form that is not understood" in signed_on.get("/?failed=groups", headers={"Accept": "text/html"}).text
    assert signed_on.get("/config").status_code == 401


def test_one_group_as_a_text_is_taken(provider, signed_on):
    provider.groups = "radiologists"
    assert come_back(signed_on).headers["location"] == "/"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_name_from_the_proxy_is_read_as_it_was_meant(proxied, encoding):
    client = TestClient(proxied, base_url="http://betalens.example", client=("10.1.2.3", 50000))
    headers = {"X-Forwarded-User": "Jürgen".encode(encoding), "X-Forwarded-Groups": b"radiologists"}
    asked = {"study_id": "one", "beta": 0.5, "verdict": "agree", "flag_id": f"proxy-{encoding}"}
    client.post("/api/v1/flag", json=asked, headers=headers).raise_for_status()
    (reviewer,) = (flag.reviewer for flag in proxied.state.store.rows() if flag.flag_id == asked["flag_id"])
    assert reviewer == "Jürgen"


def test_with_tls_cookies_are_this_host_s_alone(signed_on, provider):
    provider.groups = ["radiologists"]
    signed_on.base_url = "https://betalens.example"
    away = signed_on.get("/login")
    cookie = away.headers["set-cookie"]
    assert cookie.startswith("__Host-betalens_session=")
    assert "secure" in cookie.lower()
    assert "path=/;" in cookie.lower()
    assert "domain" not in cookie.lower()
