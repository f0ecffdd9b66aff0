"""Nothing is looked at or kept without a line in the audit log, and a session that was ended is over, on every server.
Over real connections, with files that really are full."""

import asyncio
import contextlib
import inspect
import json
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator

import gradio as gr
import httpx
import pytest
from abuse.conftest import number_of
from accounts import PASSWORD, make_accounts
from gradio_client import Client
from helpers import run_async

from dashboard.access import audit, open_access
from dashboard.access.identity import Role
from dashboard.access.users import remove_user, set_user
from dashboard.app import build
from dashboard.guard.quiet import quieten
from dashboard.review.service import ReviewService
from dashboard.review.verdicts import VerdictService
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from model.errors import AccessError, AuditError
from model.feedback import FeedbackStore
from model.studies.opening import open_studies

VERDICT = {"study_id": "one", "beta": 0.5, "verdict": "agree"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_accounts(tmp_path_factory.mktemp("audited"), 'ended_sessions = "ended"').parent


@pytest.fixture(scope="module")
def serving(engine, table) -> ModelRegistry:
    return ModelRegistry(engine, table)


@pytest.fixture(scope="module")
def store(folder) -> FeedbackStore:
    return FeedbackStore(folder / "flags")


@pytest.fixture(scope="module")
def app(serving, store, folder):
    """Makes a server's application, with the secret of all of them."""

    def make():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BETALENS_SECRET", "0123456789abcdef" * 2)
            return make_app(serving, store, open_access(folder / "access.toml"))

    return make


@pytest.fixture(scope="module")
def same(app):
    return app()


@pytest.fixture
def server(app, same, live):
    """The address of a server; of another one where it is to be."""
    return lambda another=False: live(app() if another else same)


@pytest.fixture
def kept(tmp_path):
    """The lines of an audit log in a file, from when it is called."""
    before = audit.log.handlers
    file = tmp_path / "audit.jsonl"

    def lines() -> list[dict]:
        return [json.loads(line) for line in file.read_text().splitlines() if line]

    audit.keep(file)
    yield lines
    audit.log.handlers = before
    audit._failing.clear()


@contextlib.contextmanager
def logged_in(url: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        client.post("/login", data={"username": name, "password": PASSWORD}).raise_for_status()
        yield client


def full() -> None:
    """From now on the audit log is a device that is always full."""
    audit.keep("/dev/full")


def test_the_file_is_its_owner_s_and_is_begun_anew_when_it_was_moved_away(kept, tmp_path):
    os.umask(os.umask(0))  # whatever it is
    audit.record("one")
    file = tmp_path / "audit.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.rename(tmp_path / "audit.jsonl.1")
    audit.record("two")
    assert [line["action"] for line in kept()] == ["two"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "one" in (tmp_path / "audit.jsonl.1").read_text()


def test_lines_of_several_threads_do_not_mix(kept):
    def write(number: int) -> None:
        for i in range(50):
            audit.record("look", case=f"{number}-{i}" * 50)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept()) == 400


def test_where_nothing_can_be_written_down_nothing_is_shown_or_kept(server, store, kept):
    url = server()
    with logged_in(url, "rita") as rita:
        before = len(store.rows())
        full()
        for path, asked in (("predict", {"study_id": "one"}), ("explain", {"study_id": "one"}), ("flag", VERDICT)):
            answer = rita.post(f"/api/v1/{path}", json=asked)
            assert answer.status_code == 503
            assert "audit log" in answer.json()["detail"]
            assert "probabilities" not in answer.text
        assert len(store.rows()) == before
        assert rita.get("/readyz").status_code == 503
        assert "audit log" in rita.get("/readyz").json()["detail"]
        refused = httpx.post(f"{url}/login", data={"username": "ada", "password": PASSWORD})
        assert refused.status_code == 503
        assert "set-cookie" not in refused.headers
        assert rita.post("/logout").status_code == 200  # which is over anyway
        assert rita.get("/config").status_code == 401


def test_a_verdict_is_written_down_before_it_is_kept_and_one_that_failed_says_so(server, store, kept, monkeypatch):
    with logged_in(server(), "rita") as rita:
        rita.post("/api/v1/flag", json=VERDICT | {"flag_id": "kept-1"}).raise_for_status()
        store.path.chmod(0o400)
        monkeypatch.setattr("os.pwrite", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert rita.post("/api/v1/flag", json=VERDICT | {"flag_id": "lost-1"}).status_code == 503
    store.path.chmod(0o600)
    said = [(x["action"], x["flag"], x["from"]) for x in kept() if "flag" in x]
    here = "127.0.0.1"
    assert said == [("flag", "kept-1", here), ("flag", "lost-1", here), ("flag_failed", "lost-1", here)]


def test_it_is_ready_again_once_lines_can_be_written(server, kept, tmp_path):
    with logged_in(server(), "rita") as rita:
        full()
        assert rita.post("/api/v1/predict", json={"study_id": "one"}).status_code == 503
        audit.keep(tmp_path / "audit.jsonl")
        end = time.monotonic() + 60
        while rita.get("/readyz").status_code != 200 and time.monotonic() < end:
            time.sleep(0.2)
        assert rita.post("/api/v1/predict", json={"study_id": "one"}).status_code == 200
    assert "audit_resumed" in [line["action"] for line in kept()]


def test_a_line_that_was_torn_is_ended_before_the_next(tmp_path, monkeypatch, kept):
    (handler,) = (h for h in audit.log.handlers if isinstance(h, audit._File))
    whole = handler.stream.write

    class Filling:
        def write(self, line: bytes) -> int:
            return whole(line[:10])

        def __getattr__(self, name):
            return getattr(stream, name)

    stream, handler.stream = handler.stream, Filling()
    with pytest.raises(AuditError):
        audit.record("torn")
    handler.stream = stream
    audit.record("whole")
    torn, after = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(torn) == 10
    assert json.loads(after)["action"] == "whole"


def test_what_the_tabs_show_of_films_and_reports_is_written_down_before(serving, store, kept):
    page = build(serving, store)
    quieten(page)  # as it is served
    session = Session(beta=0.5)
    list(ReviewService(serving).open(session, lambda r: r.open_study(session, "one", 0.5)))
    flag = VerdictService(serving.now.engine, store).keep(session, 0.5, {"verdict": "agree"})

    def asked(name: str, *given, cls=gr.EventData, **data) -> str:
        (function,) = (f.fn for f in page.fns.values() if f.name == name)
        event = cls(None, data)
        return function(*given, event)

    shown = [
        lambda: asked("films", ids=["one", "two", "nobody's"]),
        lambda: asked("open_row", session, cls=gr.SelectData, index=0, value=flag.flag_id),
        lambda: asked("narrow", session, queue=False, finding="Effusion", discordant=False),
    ]
    before = len(kept())
    for show in shown:
        assert "data:image/jpeg" in show()
    said = [(x["action"], x["where"], x.get("cases") or x["case"]) for x in kept()[before:]]
    assert said == [
        ("look", "beta_lab", ["one", "two"]), ("look", "feedback", "one"), ("look", "picker", ["one", "film-only"]),
    ]  # fmt: skip
    full()
    for show in shown:
        try:
            answer = show()
        except gr.Error as error:
            answer = str(error)
        assert "audit log" in answer
        assert "data:image" not in answer


@pytest.fixture(scope="module")
def many(engine, tmp_path_factory) -> ModelRegistry:
    """Studies enough for a map."""
    file = tmp_path_factory.mktemp("many") / "studies.csv"
    rows = [f"s{i},,An effusion of {i} mm.,Effusion,p{i},test" for i in range(12)]
    rows += [f"s{i},,The lungs are clear {i}.,,p{i},test" for i in range(12, 24)]
    file.write_text("study_id,image,report,label,patient_id,split\n" + "\n".join(rows))
    return ModelRegistry(engine, open_studies(file))


def ask(client: httpx.Client, app, name: str, *given, **event) -> str:
    """All that the page is told in answer to something that happened on it."""
    page = secrets.token_hex(8)
    asked = {"data": [*given], "fn_index": number_of(app, name), "session_hash": page, "event_data": event or None}
    client.post("/gradio_api/queue/join", json=asked).raise_for_status()
    return client.get("/gradio_api/queue/data", params={"session_hash": page}).text


STUDIES = [f"s{i}" for i in range(24)]
# A function of the page, what it is given and told, a word of what it shows, and what is written of that.
MAP = {"space": "report", "method": "pca", "beta": 0.0, "shown": None}
ALL = MAP | {"polygon": [[-1e3, -1e3], [1e3, -1e3], [1e3, 1e3], [-1e3, 1e3]]}
LOOKS = [
    ("show_cards", [], MAP | {"points": [0, 13, 99]}, "effusion", {"where": "atlas", "cases": ["s0", "s13"]}),
    ("show_selection", [], ALL, "summary", {"where": "atlas selection", "cases": STUDIES, "size": 24}),
    ("show_export", [], ALL, "study_id", {"what": "atlas", "rows": 24, "patients": False}),
    ("narrow", [None], {"finding": "Effusion"}, "s11", {"where": "picker"}),
    ("queued", [None, "evaluation"], {}, "reasons", {"where": "queue"}),
]  # fmt: skip


def test_what_is_shown_of_other_studies_is_written_down_with_who_and_from_where_or_not_shown(
    many, folder, live, kept, tmp_path
):
    app = make_app(many, FeedbackStore(tmp_path / "flags"), open_access(folder / "access.toml"))
    with logged_in(live(app), "vera") as vera:
        for name, given, event, shown, written in LOOKS:
            before = len(kept())
            assert shown in ask(vera, app, name, *given, **event), name
            (line,) = kept()[before:]
            assert (line["who"], line["role"], line["from"]) == ("vera", "viewer", "127.0.0.1")
            assert line["action"] == ("export" if "rows" in written else "look")
            assert line.items() >= written.items()
        for path in ("/", "/config"):
            before = len(kept())
            assert "s11" in vera.get(path, headers={"Accept": "text/html"}).text
            (line,) = kept()[before:]
            assert (line["who"], line["from"], line["where"]) == ("vera", "127.0.0.1", "picker")
            assert "s11" in line["cases"]
        full()
        for name, given, event, shown, _ in LOOKS:
            answer = ask(vera, app, name, *given, **event)
            assert "audit log" in answer
            assert shown not in answer
        for path in ("/", "/config"):
            answer = vera.get(path)
            assert (answer.status_code, "s11" in answer.text) == (503, False)


def test_the_neighbours_of_a_case_are_written_down_before_they_are_shown(serving, store, kept):
    page = build(serving, store)
    quieten(page)  # as it is served
    (look,) = (f.fn for f in page.fns.values() if f.name == "look" and inspect.isgeneratorfunction(f.fn))
    session = Session(beta=0.5)
    list(ReviewService(serving).open(session, lambda r: r.open_study(session, "one", 0.5)))
    before = len(kept())
    event = gr.EventData(None, {"ticket": session.request_id, "beta": 0.5})
    for step in look(session, event):
        near = {card["id"] for space in json.loads(step).get("spaces", []) for card in space["near"] or []}
        said = [x for x in kept()[before:] if x["where"] == "neighbours"]
        assert near == {case for x in said for case in x.get("cases", [x.get("case")])}
    assert near
    full()
    with pytest.raises(gr.Error, match="audit log"):
        list(look(session, event))


def test_the_report_that_is_put_in_place_of_another_is_a_look_at_its_study(serving, store, kept):
    page = build(serving, store)
    session = Session(beta=0.5)

    async def steps(name: str, **data) -> None:
        (function,) = (f.fn for f in page.fns.values() if f.name == name and inspect.isasyncgenfunction(f.fn))
        kind = gr.SelectData if "index" in data else gr.EventData
        async for _ in function(session, 0.5, kind(None, data)):
            pass

    run_async(steps("open_study", index=0, value="one"))
    run_async(steps("take_report", value="two"))
    assert [x.get("cases") or x["case"] for x in kept() if x.get("where") == "review"] == ["one", ["one", "two"]]


def test_refusals_by_role_are_written_down(server, kept):
    with logged_in(server(), "vera") as vera:
        assert vera.post("/api/v1/flag", json=VERDICT).status_code == 403
    (line,) = [x for x in kept() if x["action"] == "refused"]
    assert (line["who"], line["role"], line["what"], line["needs"]) == ("vera", "viewer", "flag", "reviewer")


def test_a_cookie_from_before_the_logout_is_worth_nothing_on_any_server(server, folder):
    first, second = server(), server(another=True)
    with logged_in(first, "vera") as vera, logged_in(first, "vera") as elsewhere:
        stolen = dict(vera.cookies)
        assert httpx.get(f"{second}/config", cookies=stolen).status_code == 200
        vera.post("/logout").raise_for_status()
        for url in (first, second, server(another=True)):  # the last one has started since
            assert httpx.get(f"{url}/config", cookies=stolen).status_code == 401
        assert elsewhere.get("/config").status_code == 200  # another session of hers
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (folder / "ended").glob("*/*"))


def test_an_administrator_ends_the_sessions_of_somebody(server, folder, monkeypatch):
    from dashboard.commands.users import log_out

    url = server()
    with logged_in(url, "vera") as vera, logged_in(url, "rita") as rita:
        log_out("vera", folder / "access.toml")
        assert vera.get("/config").status_code == 401
        assert rita.get("/config").status_code == 200
        with logged_in(url, "vera") as again:
            assert again.get("/config").status_code == 200


def test_a_person_who_logs_out_all_day_fills_no_disk(folder):
    from dashboard.access.ended import MOST, EndedSessions

    ended = EndedSessions(folder / "many", 3600)
    began = time.time() - 10
    for i in range(MOST + 50):
        ended.add("vera", f"{i:032x}")
    assert sum(1 for _ in (folder / "many").glob("*/*")) <= MOST + 1
    assert all(EndedSessions(folder / "many", 3600).has("vera", f"{i:032x}", began) for i in range(MOST + 50))


def test_where_a_logout_cannot_be_told_to_others_it_is_said_and_holds_here(server, folder, monkeypatch):
    (folder / "ended-file").write_text("no folder")
    (folder / "access.toml").write_text('ended_sessions = "ended-file"\n[users]\nfile = "users.json"\n')
    try:
        with logged_in(server(another=True), "vera") as vera:
            stolen = dict(vera.cookies)
            answer = vera.post("/logout")
            assert answer.status_code == 503
            assert "other servers" in answer.json()["detail"]
            assert httpx.get(vera.base_url.join("/config"), cookies=stolen).status_code == 401
    finally:
        (folder / "access.toml").write_text('ended_sessions = "ended"\n[users]\nfile = "users.json"\n')


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test lets pass, for sessions alone."""
    passed = [0.0]
    now = time.time
    monkeypatch.setattr("dashboard.access.sessions.time.time", lambda: now() + passed[0])
    return passed


def test_a_session_ends_an_hour_after_its_reader_s_last_request(server, clock):
    with logged_in(server(), "vera") as vera:
        for _ in range(4):
            clock[0] += 50 * 60
            assert vera.get("/config").status_code == 200
        for _ in range(7):
            clock[0] += 10 * 60  # what an untouched page asks for does not count
            last = vera.get("/session", headers={"X-BetaLens-Unattended": "1"}).status_code
        assert last == 401
        page = vera.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 401


def test_a_session_ends_twelve_hours_after_the_login(server, clock):
    with logged_in(server(), "vera") as vera:
        for _ in range(23):
            clock[0] += 30 * 60
            assert vera.get("/config").status_code == 200
        clock[0] += 31 * 60
        answer = vera.get("/config")
        assert answer.status_code == 401
        assert "session has ended" in answer.json()["detail"]


async def until_it_ends(url: str, cookies: dict, meanwhile) -> str:
    """What comes by a page's open stream, after which something is done."""
    async with (
        httpx.AsyncClient(base_url=url, cookies=cookies, timeout=60) as client,
        client.stream("GET", f"/gradio_api/heartbeat/{secrets.token_hex(6)[1:]}") as stream,
    ):
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        await asyncio.to_thread(meanwhile)
        return "".join([part async for part in stream.aiter_text()])


def test_open_streams_end_with_the_session(server, folder):
    url = server()
    with logged_in(url, "vera") as vera:
        run_async(until_it_ends(url, dict(vera.cookies), lambda: vera.post("/logout").raise_for_status()))


def test_open_streams_end_when_somebody_is_taken_out_or_given_another_role(server, folder):
    url = server()
    set_user(folder / "users.json", "otto", Role.VIEWER, PASSWORD)
    changes = (
        lambda: set_user(folder / "users.json", "otto", Role.REVIEWER, PASSWORD),
        lambda: remove_user(folder / "users.json", "otto"),
    )
    for change in changes:
        with logged_in(url, "otto") as otto:
            run_async(until_it_ends(url, dict(otto.cookies), change))
            assert otto.get("/config").status_code == 401
    with pytest.raises(AccessError):
        remove_user(folder / "users.json", "otto")


def test_gradio_s_client_is_audited_as_programs_are(server, kept):
    url = server()
    Client(url, auth=("vera", PASSWORD), verbose=False).predict({"study_id": "two"}, api_name="/predict")
    assert ("vera", "look", "two") in [(x["who"], x["action"], x.get("case")) for x in kept()]
