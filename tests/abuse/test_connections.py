"""Connections that are opened and left: ended in time, bounded in number, and one line of the log."""

import contextlib
import logging
import resource
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard.web import connections, request_limits
from dashboard.web.connections import Connection, LogRateLimit, allow_descriptors
from dashboard.web.request_limits import RequestLimitsMiddleware

LONG = 60  # seconds after which a test gives up


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def server(monkeypatch):
    """Its port. A header has a second, a body must bring 100 bytes in each."""
    monkeypatch.setattr(connections, "HEADER", 1.0)
    monkeypatch.setattr(connections, "WINDOW", 1.0)
    monkeypatch.setattr(connections, "SLOWEST", 100)
    monkeypatch.setattr(Connection, "most", 20)
    app = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    app.add_middleware(RequestLimitsMiddleware)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=Connection, log_level="warning", timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join(20)


def opened(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=LONG)
    connection.sendall(sent)
    return connection


def ended(connection: socket.socket) -> bytes:
    """What came until the other side ended it."""
    got = b""
    with connection, contextlib.suppress(ConnectionResetError):
        while more := connection.recv(4096):
            got += more
    return got


def answered(connection: socket.socket) -> bool:
    """Whether it was, with an empty body's length."""
    got = b""
    while not got.endswith(b"\r\n\r\n0") and (more := connection.recv(4096)):
        got += more
    return got.startswith(b"HTTP/1.1 200")


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", b"GE", GET, POST, POST + b"x" * 40])
def test_what_is_left_half_open_is_ended(server, sent, caplog):
    assert b"200" not in ended(opened(server, sent))
    assert "Traceback" not in caplog.text


def test_so_is_a_second_request_that_is_torn(server):
    with opened(server, GET + b"\r\n") as connection:
        assert answered(connection)
        time.sleep(1.5)  # between two requests there is the time that a connection is kept
        connection.sendall(GET)
        assert ended(connection) == b""


def test_a_slow_line_that_goes_on_is_waited_for(server):
    with opened(server, POST) as connection:
        for _ in range(20):
            time.sleep(0.2)  # 500 bytes a second
            connection.sendall(b"x" * 100)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_line_that_drips_is_not(server):
    connection = opened(server, POST)
    with contextlib.suppress(ConnectionError):
        for _ in range(LONG * 5):
            time.sleep(0.2)
            connection.sendall(b"x")
    assert b"200" not in ended(connection)


def test_beyond_the_most_connections_others_are_told_to_come_again(server, caplog):
    with contextlib.ExitStack() as held:
        kept = [held.enter_context(opened(server, GET + b"\r\n")) for _ in range(20)]
        assert all(map(answered, kept))
        told = ended(opened(server))
        assert told.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in told
    assert httpx.get(f"http://127.0.0.1:{server}/").status_code == 200


def test_what_comes_of_all_at_once_is_bounded(server, monkeypatch):
    monkeypatch.setattr(request_limits, "MAX_AT_ONCE", 3000)
    with opened(server, POST + b"x" * 1900):
        url = f"http://127.0.0.1:{server}/"
        answers = [httpx.post(url, content=b"x" * 1500)]
        assert (answers[0].status_code, answers[0].headers["retry-after"]) == (503, "10")
        assert httpx.post(url, content=b"x" * 500).text == "500"
    time.sleep(0.2)
    assert httpx.post(url, content=b"x" * 1500).text == "1500"


@pytest.mark.parametrize(("path", "status"), [("/", 413), ("/gradio_api/upload", 404)])
def test_where_no_film_is_sent_less_is_read(server, monkeypatch, path, status):
    monkeypatch.setattr(request_limits, "MAX_OTHER", 1000)
    assert httpx.post(f"http://127.0.0.1:{server}{path}", content=b"x" * 1500).status_code == status


def test_the_log_says_once_what_happens_a_thousand_times(caplog):
    log = logging.getLogger("betalens.test")
    log.addFilter(LogRateLimit())

    def fail(error: Exception) -> None:
        try:
            raise error
        except Exception as raised:
            log.error("socket.accept() out of system resource\nsocket: %d", time.monotonic_ns(), exc_info=raised)

    for _ in range(1000):
        fail(OSError(24, "Too many open files"))
    fail(ValueError("another"))
    assert len(caplog.records) == 2


def test_connections_leave_descriptors_for_everything_else():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        most = allow_descriptors()
        assert 0 < most <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - connections.OTHER or most == 16
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
