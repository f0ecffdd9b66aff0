"""What decodes a film is ended when it takes too long or too much, and takes nothing with it."""

import contextlib
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from films import RAMP16, SPECKLE, every, j2k, saved
from helpers import dicom
from pydicom import uid

from model.errors import ImageError
from model.inputs import decoding, read_film
from model.inputs.worker import MOST

LARGE = np.tile(SPECKLE, (40, 30))  # 5.8 megapixels of noise


@pytest.fixture
def limits(monkeypatch):
    """Sets what a film may cost, for one test."""

    def set_them(**fields):
        monkeypatch.setattr(decoding, "LIMITS", decoding.LIMITS._replace(**fields))

    return set_them


@pytest.fixture
def server():
    """The server, which has read a film and has no process of it any more."""
    read_film(saved(SPECKLE, "PNG"))
    while children(decoding._server.process.pid):
        pass
    return decoding._server


def children(pid: int) -> list[int]:
    """The processes that another started and that have not ended."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def waiting(server) -> tuple[socket.socket, int]:
    """A connection to a process that waits for the rest of a film, and its id."""
    connection = server.connect()
    connection.send(decoding.REQUEST.pack(b"png", 1 << 20))
    while not (started := children(server.process.pid)):
        pass
    return connection, started[0]


def test_a_film_that_takes_too_long_is_refused(limits):
    slow = dicom(LARGE, uid.JPEG2000Lossless, j2k(LARGE))
    assert read_film(slow)
    limits(seconds=0.1, seconds_per_mebibyte=0.0)
    with pytest.raises(ImageError, match=r"cannot be decoded within 512 MB and 0\.1 s of processor time"):
        read_film(slow)
    assert read_film(saved(SPECKLE, "PNG"))


def test_a_film_that_takes_too_much_memory_is_refused(limits):
    big = saved(LARGE, "PNG")
    assert read_film(big)
    limits(memory=16 * 2**20)
    with pytest.raises(ImageError, match="within 16 MB"):
        read_film(big)
    assert read_film(saved(SPECKLE, "PNG"))


def test_one_that_is_ended_takes_nothing_with_it(server):
    connection, forked = waiting(server)
    os.kill(forked, signal.SIGKILL)
    with contextlib.suppress(ConnectionResetError), connection:
        assert connection.recv(1) == b""
    assert read_film(saved(SPECKLE, "PNG"))
    assert decoding._server is server


def test_a_server_that_was_ended_is_started_again(server):
    server.process.kill()
    server.process.wait()
    assert read_film(saved(SPECKLE, "PNG"))
    assert decoding._server is not server


def test_a_server_goes_on_through_a_request_to_stop(server):
    """Who drains still reads films."""
    os.kill(server.process.pid, signal.SIGTERM)
    assert read_film(saved(SPECKLE, "PNG"))
    assert decoding._server is server


def test_it_may_open_no_file_and_has_no_secret(server):
    connection, forked = waiting(server)
    while "Max open files            0 " not in Path(f"/proc/{forked}/limits").read_text():
        pass  # it has not come so far yet
    held = Path(f"/proc/{forked}/limits").read_text()
    for limit in ("Max open files", "Max file size", "Max core file size"):
        assert [line.split()[-3] for line in held.splitlines() if line.startswith(limit)] == ["0"], limit
    names = {entry.split(b"=")[0].decode() for entry in Path(f"/proc/{forked}/environ").read_bytes().split(b"\0")}
    assert names <= {"", "PYTHONPATH", "OPENBLAS_NUM_THREADS", *decoding.KEPT_ENVIRONMENT}
    connection.close()


def test_many_threads_read_at_once_and_leave_no_handle_open(server):
    expected = {name: read_film(data).pixels for name, data in every().items()}
    before = len(os.listdir("/proc/self/fd"))
    with ThreadPoolExecutor(8) as pool:
        for name, film in zip(expected, pool.map(read_film, every().values()), strict=True):
            np.testing.assert_array_equal(film.pixels, expected[name])
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_films_of_a_table_share_a_process_until_one_is_no_film(server):
    films = [saved(np.roll(SPECKLE, i), "PNG") for i in range(3)]

    def forked() -> set[int]:
        return set(children(server.process.pid))

    expected = [read_film(film).pixels for film in films]
    while forked():
        pass
    for film, pixels in zip(films, expected, strict=True):
        np.testing.assert_array_equal(read_film(film, alone=False).pixels, pixels)
    [shared] = forked()
    with pytest.raises(ImageError, match="damaged"):
        read_film(films[0][:2000], alone=False)
    while forked():
        pass
    np.testing.assert_array_equal(read_film(films[1], alone=False).pixels, expected[1])
    [fresh] = forked()
    assert fresh != shared
    os.kill(fresh, signal.SIGKILL)
    np.testing.assert_array_equal(read_film(films[2], alone=False).pixels, expected[2])


def test_more_films_than_one_process_reads_are_read(server):
    for i in range(MOST + 2):
        film = np.roll(SPECKLE, i)
        np.testing.assert_array_equal(read_film(saved(film, "PNG"), alone=False).pixels, film.astype(np.float32) / 255)


def test_a_process_that_was_forked_takes_none_that_its_parent_uses(server):
    """Two that ask one process would take each other's pixels."""
    read_film(saved(SPECKLE, "PNG"), alone=False)
    mine = decoding._thread.kept
    mine.owner = 1  # as in a child
    read_film(saved(SPECKLE, "PNG"), alone=False)
    assert decoding._thread.kept is not mine


def test_an_answer_beyond_every_limit_is_not_taken():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(decoding.ANSWER.pack(False, 60_000, 60_000, 0, 0))
        assert decoding._ask(ours, b"", "png") is None
        theirs.send(decoding.ANSWER.pack(True, 0, 4_000_000_000, 0, 0))
        assert decoding._ask(ours, b"", "png") is None


def test_a_connection_that_breaks_in_the_middle_is_no_film():
    ours, theirs = socket.socketpair()
    answer = decoding.ANSWER.pack(False, *RAMP16.shape, 0, 0) + bytes(100)
    thread = threading.Thread(target=lambda: (theirs.sendall(answer), theirs.close()))
    thread.start()
    with ours:
        assert decoding._ask(ours, b"", "png") is None
    thread.join()
