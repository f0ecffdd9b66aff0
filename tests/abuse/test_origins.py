"""A page on another site reads nothing here and changes nothing, whichever address the server listens on."""

import pytest

CASE = {"json": {"study_id": "one"}}
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://127.0.0.1:9"},  # another server of this machine
    {"Origin": "file://"},
    {"Origin": "http://[::"},
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.hospital.example"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},  # a form
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
]
OWN = [
    {},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:80"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "none"},
    # of a browser in front of a proxy that asks for another name
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://betalens.hospital.example"},
    {"Origin": "https://betalens.hospital.example", "X-Forwarded-Host": "betalens.hospital.example"},
]
HOSTS = ["127.0.0.1", "[::1]", "localhost", "0.0.0.0", "betalens.hospital.example"]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_changes_nothing(anyone, as_reader, headers):
    for client in (anyone, as_reader("ada")):
        for path in ("/api/v1/predict", "/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/cancel"):
            answer = client.post(path, headers=headers, **CASE)
            assert answer.status_code == 403, path
            assert not any(name.startswith("access-control") for name in answer.headers)
        assert client.post("/gradio_api/upload", headers=headers, files={"files": ("x", b"x")}).status_code == 403
    assert as_reader("").post("/login", headers=headers, data={"username": "ada"}).status_code == 403
    assert as_reader("ada").post("/logout", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN)
def test_nor_does_it_read_anything(anyone, as_reader, headers):
    for client in (anyone, as_reader("ada")):
        for path in ("/config", "/gradio_api/info", "/gradio_api/heartbeat/x", "/metrics", "/api/v1/openapi.json"):
            assert client.get(path, headers=headers).status_code == 403, path
        asked = headers | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        answer = client.options("/api/v1/predict", headers=asked)
        assert answer.status_code == 403
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("headers", OWN)
def test_its_own_page_and_programs_go_on(anyone, headers):
    assert anyone.post("/api/v1/predict", headers=headers, **CASE).status_code == 200
    assert anyone.get("/config", headers=headers).status_code == 200


def test_a_link_elsewhere_leads_to_the_page(anyone):
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert anyone.get("/", headers=followed).status_code == 200
    assert anyone.get("/gradio_api/heartbeat/x", headers=followed).status_code == 403


@pytest.mark.parametrize("host", HOSTS)
def test_no_address_makes_an_answer_readable_elsewhere(as_reader, host):
    client = as_reader("vera")
    for origin in ("http://evil.example", "null", f"http://{host}.evil.example", f"http://{host}"):
        for path in ("/", "/config", "/gradio_api/info", "/assets/x.js"):
            answer = client.get(path, headers={"Host": host, "Origin": origin})
            assert not any(name.startswith("access-control") for name in answer.headers), path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("127.0.0.1:7860", 200), ("127.8.9.1:1", 200), ("localhost", 200), ("LOCALHOST:80", 200),
        ("localhost.", 200), ("[::1]", 200), ("[::1]:7860", 200), ("[::ffff:127.0.0.1]:7860", 200),
        ("attacker.example", 400), ("localhost.attacker.example", 400), ("127.0.0.1.nip.example", 400), ("", 400),
        ("attacker.example@127.0.0.1", 400), ("127.0.0.1@attacker.example", 400), ("0.0.0.0", 400), ("10.0.0.1", 400),
        ("[::1", 400), ("127.0.0.1:x", 400), ("127.1", 400), ("2130706433", 400), ("[::ffff:10.0.0.1]", 400),
    ],
)  # fmt: skip
def test_without_a_login_it_answers_to_this_machine_s_names_alone(anyone, host, status):
    assert anyone.get("/healthz", headers={"Host": host}).status_code == status
