"""A film that is sent is its sender's alone, is read once, and leaves nothing behind, whatever becomes of it."""

import tempfile
import time
from io import BytesIO

import pytest
from abuse.conftest import number_of
from helpers import random_film
from sending import png

from dashboard.access.identity import LOCAL
from dashboard.cases import uploads
from dashboard.cases.uploads import MOST, MOST_BYTES, MOST_OF_ALL, Uploads, waiting
from dashboard.web.gradio import as_file
from model.errors import BusyError
from model.inputs import MAX_BYTES

FILM = png(random_film(3))
META = {"_type": "gradio.FileData"}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where everything temporary goes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    return tmp_path


def send(client, *films: bytes):
    return client.post("/gradio_api/upload?upload_id=x1", files=[("files", ("Doe^Jane.dcm", film)) for film in films])


def open_film(client, app, sent, page="films", **more) -> str:
    """All that the page is answered."""
    asked = {"data": [None, 0.5, sent, "Clear."], "fn_index": number_of(app, "open_upload"), "session_hash": page}
    answer = client.post("/gradio_api/queue/join", json=asked | more)
    if answer.status_code != 200:
        return answer.text
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": page}) as stream:
        return "".join(stream.iter_text())


@pytest.mark.parametrize("reader", [None, "vera"])
def test_a_film_is_opened_once(open_app, app, anyone, as_reader, temporary, reader):
    client, application = (as_reader(reader), app) if reader else (anyone, open_app)
    (name,) = send(client, FILM).json()
    assert "/" not in name
    assert "Jane" not in name
    # As the page sends it, with more that is said of it than is read.
    sent = {
        "path": name,
        "url": f"http://x/gradio_api/file={name}",
        "orig_name": "Doe^Jane.dcm",
        "size": 1,
        "meta": META,
    }
    answered = open_film(client, application, sent, event_data=sent)
    assert "process_completed" in answered
    assert "film-" in answered
    assert str(temporary) not in answered
    assert "send it again" in open_film(client, application, sent)
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


def test_nobody_else_opens_it(app, as_reader):
    (name,) = send(as_reader("vera"), FILM).json()
    for other in ("victor", "ada"):
        assert "send it again" in open_film(as_reader(other), app, {"path": name, "meta": META}, f"{other}-s")
    assert "process_completed" in open_film(as_reader("vera"), app, {"path": name, "meta": META}, "vera-s")


def test_only_its_name_names_it(open_app, anyone, tmp_path):
    (name,) = send(anyone, FILM).json()
    secret = tmp_path / "secret.png"
    secret.write_bytes(FILM)
    for path in (str(secret), f"../{name}", f"/{name}", f"./{name}", f"{name}/", f"{name}\0", "", None, 1, [name], {}):
        assert "send it again" in open_film(anyone, open_app, {"path": path, "is_stream": True, "meta": META})
    for value in (name, [name], [{"path": name, "meta": META}], as_file(name), True, 1):
        assert "send it again" in open_film(anyone, open_app, value)
    assert secret.exists()
    assert waiting.has(name, LOCAL)


def part(disposition: str) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n--b--\r\n".encode()


FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "multipart/form-data", 400),
        (b"x", FORM, 400),
        (b"--b--\r\n", FORM, 422),
        (part('name="files"'), FORM, 400),
        (part('name="x"; filename="x"'), FORM, 422),
        (b"files=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 415),
        (b"x" * (MAX_BYTES + 20_000), FORM, 413),
    ],
)
def test_what_is_no_film_is_refused_and_leaves_nothing(anyone, temporary, body, content_type, status):
    before = len(waiting)
    assert anyone.post("/gradio_api/upload", content=body, headers={"Content-Type": content_type}).status_code == status
    assert len(waiting) == before
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


def test_many_films_at_once_are_refused_and_leave_nothing(anyone, temporary):
    answer = send(anyone, *[b"x"] * 3000)
    assert answer.status_code == 400
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


def test_while_it_waits_it_has_no_name_on_the_disk(anyone, temporary):
    large = FILM + bytes(3_000_000)  # more than is kept in memory
    (name,) = send(anyone, large).json()
    assert waiting.has(name, LOCAL)
    assert [path for path in temporary.rglob("*") if path.is_file()] == []
    assert waiting.take(name, LOCAL) == large


def test_who_opens_it_after_ten_minutes_finds_it_gone(open_app, anyone, monkeypatch):
    assert uploads.WAITS == 600
    monkeypatch.setattr(uploads, "WAITS", 0.5)
    (name,) = send(anyone, FILM).json()
    end = time.monotonic() + 60
    while waiting.has(name, LOCAL):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "send it again" in open_film(anyone, open_app, {"path": name, "meta": META})


def test_who_sends_and_opens_nothing_pushes_out_their_own_alone():
    uploads = Uploads()
    hers = LOCAL._replace(name="vera")
    theirs = uploads.keep(BytesIO(), 0, hers)
    names = [uploads.keep(BytesIO(), 0, LOCAL) for _ in range(MOST + 3)]
    assert len(uploads) == MOST + 1
    assert uploads.has(theirs, hers)
    assert [uploads.has(name, LOCAL) for name in names[:4]] == [False] * 3 + [True]
    uploads.drop(theirs)
    assert not uploads.has(theirs, hers)


def test_films_that_wait_are_bounded_by_their_bytes():
    uploads, films = Uploads(), MOST_BYTES // MAX_BYTES
    names = [uploads.keep(BytesIO(), MAX_BYTES, LOCAL) for _ in range(films + 1)]
    assert [uploads.has(name, LOCAL) for name in names] == [False] + [True] * films
    others = [LOCAL._replace(name=f"r{n}") for n in range(MOST_OF_ALL // MOST_BYTES)]
    for other in others[:-1]:
        for _ in range(films):
            uploads.keep(BytesIO(), MAX_BYTES, other)
    with pytest.raises(BusyError, match="again in a few minutes"):
        uploads.keep(BytesIO(), MAX_BYTES, others[-1])
    assert uploads.has(names[-1], LOCAL)


def test_a_film_for_which_there_is_no_room_is_answered_so(anyone, monkeypatch):
    monkeypatch.setattr("dashboard.cases.uploads.MOST_OF_ALL", 0)
    answer = send(anyone, FILM)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
