"""A real nginx with deploy's configuration, before two servers that only say who they are."""

import itertools
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from fronting import HOST, Front, front

MB = 1 << 20


class Named(BaseHTTPRequestHandler):
    """Answers with the server's name, and with the headers that arrived."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one segment an answer
    go_on = threading.Event()

    def do_GET(self):
        if getattr(self.server, "gone", False):
            self.close_connection = True
            return None
        if self.path == "/events":
            return self._events()
        body = str(self.server.server_port).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"):
            self.send_header(f"Got-{name}", self.headers.get(name, ""))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, MB)))
        self.do_GET()

    def _events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        self.go_on.wait(30)
        self.wfile.write(b"data: second\n\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


class Behind:
    """Two servers and the nginx before them."""

    def __init__(self, servers: list[ThreadingHTTPServer], before: Front):
        self.servers, self.before = servers, before

    def client(self, **headers: str) -> httpx.Client:
        """A browser: it keeps its cookies."""
        base = f"https://127.0.0.1:{self.before.port}"
        return Browser(base_url=base, verify=self.before.trust, headers={"Host": HOST} | headers)

    def stop(self, port: int) -> None:
        """The server on a port is gone, and the connections that nginx had kept to it."""
        server = next(s for s in self.servers if s.server_port == port)
        server.gone = True
        server.shutdown()
        server.server_close()


class Browser(httpx.Client):
    """Asks 127.0.0.1 for the host by its name, and returns its cookies, as a browser that has looked the name up."""

    def send(self, request, **options):
        request.extensions["sni_hostname"] = HOST
        if ticket := getattr(self, "ticket", None):
            request.headers["Cookie"] = ticket
        answer = super().send(request, **options)
        if "set-cookie" in answer.headers:
            self.ticket = answer.headers["set-cookie"].split(";")[0]
        return answer


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    Named.go_on.clear()
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Named) for _ in range(2)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with front(tmp_path, [s.server_port for s in servers]) as before:
        yield Behind(servers, before)
    Named.go_on.set()
    for server in servers:
        server.shutdown()  # or its thread spins on the closed socket
        server.server_close()


def test_a_browser_stays_with_one_server_and_many_are_shared_out(behind):
    first = []
    for _ in range(24):
        with behind.client() as browser:
            answers = {browser.get("/").text for _ in range(5)}
            assert len(answers) == 1
            first += answers
    assert min(first.count(str(s.server_port)) for s in behind.servers) >= 4


def test_the_ticket_is_for_tls_and_no_script_and_drawn_once(behind):
    with behind.client() as browser:
        cookie = browser.get("/").headers["set-cookie"]
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "set-cookie" not in browser.get("/").headers
        browser.ticket = "betalens_ticket=forged\x7f"
        assert "set-cookie" in browser.get("/").headers


def test_where_a_server_is_gone_the_other_one_answers_its_readers(behind):
    with behind.client() as browser:
        was = int(browser.get("/").text)
        behind.stop(was)
        answers = [browser.get("/") for _ in range(5)]
    assert {a.status_code for a in answers} == {200}
    assert str(was) not in {a.text for a in answers}


def test_a_server_learns_who_asks_and_how_and_cannot_be_told_otherwise(behind):
    with behind.client(**{"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "http"}) as browser:
        got = browser.get("/").headers
    assert got["got-x-forwarded-for"] == "127.0.0.1"
    assert got["got-x-forwarded-proto"] == "https"
    assert got["got-host"] == got["got-x-forwarded-host"] == HOST


def test_events_are_passed_on_as_they_come(behind):
    with behind.client() as browser, browser.stream("GET", "/events") as answer:
        events = (line for line in answer.iter_lines() if line)
        assert next(events) == "data: first"
        Named.go_on.set()  # not before the first one was read
        assert next(events) == "data: second"


@pytest.mark.parametrize(("size", "status"), [(70, 200), (81, 413)])
def test_films_pass_and_floods_do_not(behind, size, status):
    chunks = itertools.repeat(bytes(MB), size)
    with behind.client() as browser:
        headers = {"Content-Length": str(size * MB), "Expect": "100-continue"}
        try:
            assert browser.post("/", content=chunks, headers=headers).status_code == status
        except httpx.WriteError:  # nginx closed while it was still being told
            assert status == 413


def test_logins_are_counted_by_address_and_nothing_else_waits_for_them(behind):
    with behind.client() as browser:
        tried = [browser.post("/login", content=b"").status_code for _ in range(60)]
        assert set(tried) == {200, 429}
        assert tried.index(429) >= 30  # people who begin to work at the same time
        assert {browser.get("/").status_code for _ in range(60)} == {200}


def test_figures_are_not_for_the_outside_and_other_names_are_not_answered(behind):
    with behind.client() as browser:
        assert browser.get("/metrics").status_code == 404
        with pytest.raises(httpx.RemoteProtocolError):
            browser.get("/", headers={"Host": "elsewhere.example"})


def test_plain_http_is_sent_to_tls(behind):
    answer = httpx.get(f"http://127.0.0.1:{behind.before.plain}/atlas?x=1", headers={"Host": HOST})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{HOST}/atlas?x=1")


def test_the_log_names_servers_and_no_reader(behind):
    with behind.client(Referer="https://secret.example") as browser:
        browser.get("/case?secret=1")
        answered = browser.get("/gradio_api/file=/tmp/gradio/0a/secret.dcm").text
        browser.get("/gradio_api/heartbeat/secret")
        browser.get("/gradio_api/call/predict/secret")
    end = time.monotonic() + 10  # nginx writes a line once the answer is out
    while (log := behind.before.log.read_text()).count("\n") < 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert "GET /case 200" in log
    assert f"GET /gradio_api/file= 200 127.0.0.1:{answered}" in log
    assert "GET /gradio_api/heartbeat/ 200" in log
    assert "GET /gradio_api/call/ 200" in log
    assert "secret" not in log
