"""Readers take turns, however often each asks, and nobody is computed for who left."""

import asyncio

import httpx
import pytest
from abuse.conftest import number_of
from accounts import PASSWORD
from cachetools import TTLCache
from helpers import run_async

from dashboard import server
from dashboard.access import open_access
from dashboard.api.routes import QueuedPools
from dashboard.review.paced import paced
from dashboard.review.service import CaseService
from dashboard.review.steps import Staged
from dashboard.server import make_app
from dashboard.serving.explanations import Explanations
from dashboard.serving.fair_queue import FairQueue
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from dashboard.web import listening
from dashboard.web.listening import GRACE, Listeners, Listening
from model.errors import BusyError
from model.feedback import FeedbackStore


def served_in_order(asked: list[str]) -> list[str]:
    """Whose turn it is, one after the other, where all of these wait."""
    line, order = FairQueue(), []
    first = line.place(reader="somebody else")
    first.__enter__()
    places = {}
    for number, reader in enumerate(asked):
        block = line.place(reader=reader)
        places[number] = reader, block, block.__enter__()
    first.__exit__(None, None, None)
    while places:
        (number,) = [n for n, (_, _, place) in places.items() if place(0) == 0]
        reader, block, _ = places.pop(number)
        order.append(reader)
        block.__exit__(None, None, None)
    return order


def test_who_asks_often_waits_for_those_who_ask_once():
    assert served_in_order(["a"] * 4 + ["b", "c", "b"]) == ["a", "b", "c", "a", "b", "a", "a"]


def test_who_comes_while_another_asks_again_and_again_is_next():
    line = FairQueue()
    with line.place(reader="often"), line.place(reader="often") as again, line.place(reader="once") as once:
        assert (once(0), again(0)) == (1, 2)


def test_who_changed_their_mind_often_does_not_pay_for_it():
    line = FairQueue()
    with line.place(reader="busy"):
        for _ in range(10):
            with line.place(reader="walks through findings"):
                pass
        with line.place(reader="walks through findings") as last, line.place(reader="later") as later:
            assert (last(0), later(0)) == (1, 2)


def test_too_many_are_refused_and_those_who_left_do_not_count():
    line, wanted = FairQueue(most=4, most_each=2), [True]
    with line.place(lambda: wanted[0], "a"), line.place(lambda: wanted[0], "a"):
        with pytest.raises(BusyError, match="of your own"), line.place(reader="a"):
            pass
        with line.place(reader="b"), line.place(reader="c"):
            with pytest.raises(BusyError, match="others"), line.place(reader="d"):
                pass
            wanted[0] = False
            with line.place(reader="a"), line.place(reader="d"):
                pass


def test_who_waits_in_line_holds_no_thread(engine, tmp_path):
    """More readers wait than there are threads for them."""
    from model.studies.opening import open_studies

    (tmp_path / "studies.csv").write_text("study_id,image,report,label\none,,An effusion is seen.,Effusion\n")
    reviewer = CaseService(ServedModel(engine, open_studies(tmp_path / "studies.csv")))
    sessions = [Session(beta=0.5) for _ in range(40)]

    async def read(session: Session, staged: list) -> None:
        async for step in paced(reviewer.open_study(session, "one", 0.5), lambda step: step):
            if isinstance(step, Staged):
                staged.append(step)

    async def all_of_them() -> list[list]:
        shown = [[] for _ in sessions]
        with reviewer.explanations.queue.place():
            reading = [asyncio.create_task(read(s, to)) for s, to in zip(sessions, shown, strict=True)]
            while len(reviewer.explanations.queue) < 1 + len(sessions):
                await asyncio.sleep(0.05)
            assert all(len(steps) == 1 for steps in shown)
        await asyncio.gather(*reading)
        return shown

    assert all(len(steps) == 2 for steps in run_async(asyncio.wait_for(all_of_them(), 120)))


def test_whoever_closed_their_stream_is_waited_for_a_little_and_no_longer(monkeypatch):
    now = [0.0]
    listening = Listeners(lambda: now[0])
    listening.hear("page")  # asked
    listening.opened("page")
    now[0] += 10 * GRACE
    assert listening.listens("page")
    listening.closed("page")
    assert listening.listens("page")
    now[0] += 2 * GRACE
    assert not listening.listens("page")
    assert listening.listens(None)  # no page at all: a program's own call


@pytest.mark.parametrize(
    ("path", "query", "number"),
    [
        ("/gradio_api/queue/data", b"session_hash=abc", "abc"),
        ("/betalens/gradio_api/queue/data", b"session_hash=abc", "abc"),
        ("/gradio_api/call/explain/e1", b"", "e1"),
        ("/gradio_api/heartbeat/abc", b"", "abc"),
        ("/config", b"session_hash=abc", None),
    ],
)
def test_streams_are_known_by_their_addresses(path, query, number):
    heard = []

    async def app(scope, receive, send):
        heard.append(dict(listening.listeners._open))

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query}
    run_async(Listening(app)(scope, None, None))
    assert heard == [{number: 1} if number else {}]


FLOOD = 40


@pytest.fixture
def explained(monkeypatch) -> list[str]:
    """The reports that were explained, one after the other."""
    order, explain = [], Explanations.evidence

    def noted(self, case, *asked):
        if len(asked) > 2:  # in its turn; what is at hand has none
            order.append(case.report)
        return explain(self, case, *asked)

    monkeypatch.setattr(Explanations, "evidence", noted)
    return order


@pytest.mark.parametrize("leaves", [False, True], ids=["waits", "leaves"])
@pytest.mark.parametrize("way", ["page", "api"])
def test_who_asks_forty_times_keeps_nobody_waiting(
    serving, access_file, tmp_path, live, monkeypatch, explained, way, leaves
):
    desks, now, kind = QueuedPools(), [0.0], f"{way} {leaves}"
    his = f"An effusion is seen, {kind}."
    monkeypatch.setattr(server, "QueuedPools", lambda: desks)
    monkeypatch.setattr(listening.listeners, "_heard", TTLCache(listening.REMEMBERED, GRACE, lambda: now[0]))
    app = make_app(serving, FeedbackStore(tmp_path), open_access(access_file))
    url, function = live(app), number_of(app, "explain")
    waiting, ahead = desks.explain.queue, serving.now.explanations.queue

    def asked(report: str) -> dict:
        methods = {"image_methods": [], "report_methods": ["leave_one_word_out"]}
        return {"report": report, "betas": [0.0], "findings": serving.now.engine.findings[:1], **methods}

    async def ask(client: httpx.AsyncClient, report: str, page: str, reads: bool) -> str:
        """By a program, or by a function of the page, whose answer comes by another request."""
        if way == "api":
            return (await client.post("/api/v1/explain", json=asked(report))).text
        joined = {"data": [asked(report)], "fn_index": function, "session_hash": page}
        (await client.post("/gradio_api/queue/join", json=joined)).raise_for_status()
        return (await client.get("/gradio_api/queue/data", params={"session_hash": page})).text if reads else ""

    async def until(happens) -> None:
        while not happens():
            await asyncio.sleep(0.05)

    async def flood() -> str:
        limits = {"timeout": 200, "limits": httpx.Limits(max_connections=None)}
        async with (
            httpx.AsyncClient(base_url=url, **limits) as vera,
            httpx.AsyncClient(base_url=url, **limits) as victor,
        ):
            for client, name in ((vera, "vera"), (victor, "victor")):
                (await client.post("/login", data={"username": name, "password": PASSWORD})).raise_for_status()
            with ahead.place():  # somebody's explanation takes long
                many = [
                    asyncio.create_task(ask(vera, f"Film {i} is clear, {kind}.", f"page-{i}", False))
                    for i in range(FLOOD)
                ]
                await until(lambda: len(waiting) == FLOOD)
                if leaves:
                    now[0] += 2 * GRACE
                    for task in many:
                        task.cancel()  # and so its connection is closed
                    await until(lambda: not [p for p in (*waiting._waiting, *waiting._working) if p.should_continue()])
                hers = asyncio.create_task(ask(victor, his, "victor-s", True))
                await until(lambda: [p for p in (*waiting._waiting, *waiting._working) if p.reader == "victor"])
            answer = await hers
            turn = explained.index(his)
            now[0] += 2 * GRACE
            for task in many:
                task.cancel()
            await until(lambda: not len(waiting))
        assert turn == 0 if leaves else turn < desks.explain.pool.threads
        return answer

    assert "leave_one_word_out" in run_async(asyncio.wait_for(flood(), 200))
    if leaves:
        assert explained == [his]
