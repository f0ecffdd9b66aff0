"""Whoever has no login: what they can do to the server, and to those who have one. Against a server in a process of its
own, over real connections."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from e2e.conftest import serving
from helpers import run_async

from dashboard.access.hashing import WAITING_OF_ONE
from dashboard.access.identity import Role
from dashboard.access.lockout import MOST_FAILURES
from dashboard.access.users import MOST_BODY, set_user

PASSWORD = "correct horse battery"
NAMES = ("vera", "rita", "ada", "karl", "lena", "nora", "otto", "paul")


class Guarded(NamedTuple):
    url: str
    folder: Path

    def audited(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]

    def memory(self) -> int:
        """Bytes of the server's process."""
        (pid,) = [
            p.parent
            for p in Path("/proc").glob("[0-9]*/cmdline")
            if (words := p.read_bytes().split(b"\0"))[1:4] == [b"-m", b"dashboard.cli", b"serve"]
            and str(self.folder).encode() in words
        ]
        (line,) = [line for line in (pid / "status").read_text().splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    for name in NAMES:
        set_user(folder / "users.json", name, Role.VIEWER, PASSWORD)
    # Like a reverse proxy, a test says by X-Forwarded-For whom it asks for.
    (folder / "access.toml").write_text('proxies = ["127.0.0.1/32"]\n[users]\nfile = "users.json"\n')
    extra = ("--access", str(folder / "access.toml"), "--audit", str(folder / "audit.jsonl"))
    for server in serving(folder, *extra):
        yield Guarded(server.url, folder)


def log_in(guarded, name, password=PASSWORD, address="198.51.100.1", **more) -> httpx.Response:
    headers = {"X-Forwarded-For": address} | more.pop("headers", {})
    form = {"username": name, "password": password}
    return httpx.post(f"{guarded.url}/login", data=form, headers=headers, timeout=120, **more)


async def many(guarded, tries: list[tuple[str, str, str]]) -> list[httpx.Response]:
    """Name, password and address of each, all at once."""
    async with httpx.AsyncClient(
        base_url=guarded.url, timeout=180, limits=httpx.Limits(max_connections=None)
    ) as client:
        asked = (
            client.post("/login", data={"username": n, "password": p}, headers={"X-Forwarded-For": a})
            for n, p, a in tries
        )
        return await asyncio.gather(*asked)


def statuses(answers) -> dict[int, int]:
    found = [answer.status_code for answer in answers]
    return {status: found.count(status) for status in sorted(set(found))}


def test_three_hundred_attempts_hold_up_nobody(guarded):
    tries = [(f"nobody-{i}", "x" * 20, f"198.51.{i % 200}.7") for i in range(300)]
    with ThreadPoolExecutor(1) as beside:
        flood = beside.submit(lambda: run_async(many(guarded, tries)))
        longest, looks = 0.0, 0
        while not flood.done() or not looks:
            begin = time.monotonic()
            assert httpx.get(f"{guarded.url}/healthz", timeout=60).status_code == 200
            longest, looks = max(longest, time.monotonic() - begin), looks + 1
            time.sleep(0.2)
    answers = flood.result()
    assert set(statuses(answers)) == {401, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) > 200
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert longest < 10  # 34.6 s, when they held the threads that all requests share
    assert log_in(guarded, "vera").status_code == 200


def test_one_address_has_its_share_of_the_line_alone(guarded):
    answers = run_async(many(guarded, [(f"anybody-{i}", "x" * 20, "198.51.100.66") for i in range(60)]))
    assert statuses(answers)[401] <= WAITING_OF_ONE + 4  # more come while the first are judged
    assert log_in(guarded, "vera").status_code == 200


def test_of_a_hundred_guesses_at_once_no_more_are_judged_than_in_turn(guarded):
    guesses = [("rita", f"wrong password {i}", "198.51.100.2") for i in range(99)]
    answers = run_async(many(guarded, [*guesses, ("rita", PASSWORD, "198.51.100.2")]))
    assert statuses(answers).get(401, 0) <= MOST_FAILURES
    assert sum(statuses(answers).get(status, 0) for status in (429, 503)) >= 99 - MOST_FAILURES
    failed = [x for x in guarded.audited() if (x["who"], x.get("reason")) == ("rita", "wrong")]
    assert len(failed) <= MOST_FAILURES


def test_the_same_right_password_many_times_at_once_counts_once(guarded):
    answers = run_async(many(guarded, [("ada", PASSWORD, "198.51.100.3")] * 30))
    assert statuses(answers) == {200: 30}


def test_who_guesses_at_a_name_keeps_nobody_out_but_themselves(guarded):
    for i in range(MOST_FAILURES):
        assert log_in(guarded, "karl", f"wrong {i}", "203.0.113.9").status_code == 401
    locked = log_in(guarded, "karl", PASSWORD, "203.0.113.9")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 60
    assert log_in(guarded, "karl", PASSWORD, "198.51.100.4").status_code == 200
    assert log_in(guarded, "vera", PASSWORD, "203.0.113.9").status_code == 200


def test_a_device_that_somebody_has_logged_in_with_is_not_held_back_by_its_neighbours(guarded):
    """Behind one address, as a hospital often is."""
    with httpx.Client(base_url=guarded.url, headers={"X-Forwarded-For": "192.0.2.1"}, timeout=60) as lena:
        lena.post("/login", data={"username": "lena", "password": PASSWORD}).raise_for_status()
        for i in range(MOST_FAILURES):
            assert log_in(guarded, "lena", f"wrong {i}", "192.0.2.1").status_code == 401
        assert log_in(guarded, "lena", PASSWORD, "192.0.2.1").status_code == 429
        assert lena.get("/config").status_code == 200  # an open session goes on
        lena.post("/logout")
        assert lena.get("/config").status_code == 401
        again = lena.post("/login", data={"username": "lena", "password": PASSWORD})
        assert again.status_code == 200
        # The device says so for her alone, and her own guesses count.
        for i in range(MOST_FAILURES):
            lena.post("/login", data={"username": "lena", "password": f"wrong {i}"})
        assert lena.post("/login", data={"username": "lena", "password": PASSWORD}).status_code == 429


def test_ten_thousand_other_names_do_not_push_out_one_that_waits(guarded):
    for i in range(MOST_FAILURES):
        log_in(guarded, "nora", f"wrong {i}", "203.0.113.5")
    # Of a length that was counted and not hashed, so that they came quickly.
    long = [("n" * 1025 + str(i), "x", "203.0.113.5") for i in range(100)]
    assert set(statuses(run_async(many(guarded, long)))) <= {401, 413}
    assert log_in(guarded, "nora", PASSWORD, "203.0.113.5").status_code == 429


def test_names_of_a_megabyte_are_refused_while_they_are_read_and_nothing_is_kept_of_them(guarded):
    before = guarded.memory()
    for _ in range(30):
        answer = log_in(guarded, "n" * 1_000_000)
        assert answer.status_code == 413
        assert f"{MOST_BODY:,}" in answer.json()["detail"]
    assert guarded.memory() - before < 15e6  # 30 MB, when each was kept


def test_a_login_that_is_torn_or_no_form_is_refused_without_a_traceback(guarded):
    with httpx.Client(base_url=guarded.url) as client:
        multipart = {"Content-Type": "multipart/form-data; boundary=x"}
        assert client.post("/login", content=b"--x\r\nbroken", headers=multipart).status_code in (400, 401)
        assert client.post("/login", content=b"\xff\xfe=&;", headers={"Content-Type": "a/b"}).status_code == 401
        file = client.post("/login", files={"username": ("film.png", b"x" * 100)})
        assert file.status_code == 400
        assert client.get("/api/v1/openapi.json", headers={"Authorization": b"Basic \xff"}).status_code == 401
    assert "Traceback" not in (guarded.folder / "server.log").read_text()


def test_a_page_elsewhere_cannot_log_its_visitor_in(guarded):
    form = {"username": "vera", "password": PASSWORD, "page": "1"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for fields in (form, {k: v for k, v in form.items() if k != "page"}, form | {"token": "guessed"}):
            answer = httpx.post(f"{guarded.url}/login", data=fields, headers=headers)
            assert "betalens_session" not in answer.headers.get("set-cookie", "")
            assert not answer.is_success


def test_the_form_logs_in_with_the_token_that_its_page_gave(guarded):
    with httpx.Client(base_url=guarded.url, headers={"Origin": guarded.url}) as browser:
        page = browser.get("/", headers={"Accept": "text/html"}).text
        token = page.partition('name="token" value="')[2].partition('"')[0]
        assert len(token) > 16
        form = {"username": "vera", "password": PASSWORD, "page": "1", "token": token}
        assert browser.post("/login", data=form | {"token": token[::-1]}).headers["location"] == "/?failed=form"
        assert browser.post("/login", data=form).headers["location"] == "/"
        assert browser.get("/config").status_code == 200


def test_logins_of_every_kind_are_written_down_with_where_they_come_from(guarded):
    with httpx.Client(base_url=guarded.url, headers={"X-Forwarded-For": "192.0.2.40"}) as client:
        for _ in range(3):
            client.get("/config", auth=("otto", PASSWORD)).raise_for_status()
        assert client.get("/config", auth=("otto", "not the password")).status_code == 401
        assert client.get("/config", auth=("my secret, typed as a name", "x")).status_code == 401
    lines = [x for x in guarded.audited() if x["from"] == "192.0.2.40" and x["action"] != "look"]
    assert [(x["who"], x["action"], x["how"]) for x in lines] == [
        ("otto", "login", "basic"), ("otto", "login_failed", "basic"), ("", "login_failed", "basic"),
    ]  # fmt: skip
    written = (guarded.folder / "audit.jsonl").read_text()
    assert not [secret for secret in ("my secret", "not the password", PASSWORD) if secret in written]


def test_head_is_answered_as_get_is(guarded):
    assert httpx.head(f"{guarded.url}/healthz").status_code == 200
    assert httpx.head(f"{guarded.url}/readyz").status_code in (200, 503)


def test_a_broken_file_of_users_is_said_to_the_operator_and_not_to_everybody(guarded):
    """Last: nobody is let in meanwhile."""
    file, log = guarded.folder / "users.json", guarded.folder / "server.log"
    good = file.read_bytes()
    with httpx.Client(base_url=guarded.url, timeout=60) as client:
        client.post("/login", data={"username": "paul", "password": PASSWORD}).raise_for_status()
        try:
            file.write_text("{ torn")
            for asked in (client.get("/config"), client.get("/config", auth=("vera", PASSWORD)), log_in(guarded, "x")):
                assert asked.status_code == 503
                assert "users.json" not in asked.text
                assert "at the moment" in asked.json()["detail"]
            page = client.get("/", headers={"Accept": "text/html"})
            assert page.status_code == 503
            assert "Nobody can log in at the moment" in page.text
            assert client.get("/healthz").status_code == 200
            said = client.get("/readyz")
            assert (said.status_code, "users.json" in said.text) == (503, False)
            assert "file of users" in said.json()["detail"]
            assert log.read_text().count("users.json is no file of users") == 1
        finally:
            file.write_bytes(good)
        assert client.get("/config").status_code == 200
        assert client.get("/readyz").status_code == 200
