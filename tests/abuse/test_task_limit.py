"""However much is asked for at once, a server stays well below the task limit that deploy/ sets, at which a thread that
is asked for ends the process. Against a server on a machine of many cores, as PyTorch sees it."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest
import yaml
from helpers import random_film, run_async
from sending import png
from started import free_port, started

from dashboard.access.identity import Role
from dashboard.access.users import set_user

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
READERS = 6
USER = 60_000 + os.getpid() % 5_000  # nobody else: the limit counts all tasks of a user
FILM = png(random_film(5))


def shipped_task_limit() -> int:
    """The least that deploy/ allows a server."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    limits = [service["pids_limit"] for name, service in compose["services"].items() if "betalens" in name]
    unit = (ROOT / "deploy" / "systemd" / "betalens@.service").read_text("utf-8")
    return min(*limits, int(re.search(r"^TasksMax=(\d+)$", unit, re.MULTILINE)[1]))


class Limited(NamedTuple):
    """A server at the shipped limit."""

    url: str
    process: psutil.Process
    log: Path

    def tasks(self) -> int:
        """What counts towards the limit: every thread of it and of all that it started."""
        count = 0
        for each in (self.process, *self.process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                count += each.num_threads()
        return count


@pytest.fixture(scope="module")
def limited():
    """Runs as a user without rights, where it can: root is under no such limit."""
    folder = Path(tempfile.mkdtemp(prefix="betalens-limited-"))  # pytest's own are root's alone
    for number in range(READERS):
        set_user(folder / "users.json", f"reader{number}", Role.REVIEWER, PASSWORD)
    # Like a reverse proxy, a test says by X-Forwarded-For whom it asks for.
    (folder / "access.toml").write_text('proxies = ["127.0.0.1/32"]\n[users]\nfile = "users.json"\n')
    port = free_port()
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", str(port), "--access", "access.toml"]
    environment = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR"), str(folder))
    environment |= {"BETALENS_SECRET": "0" * 64, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"OMP_NUM_THREADS": "64"}
    if os.getuid() == 0:
        if not (shutil.which("setpriv") and shutil.which("prlimit")):
            pytest.skip("setpriv or prlimit is not at hand, and root is under no limit")
        subprocess.run(["chown", "-R", f"{USER}:{USER}", folder], check=True)
        # To read is allowed, as Python may lie in root's home.
        read = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
        without_rights = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *read]
        command = ["prlimit", f"--nproc={shipped_task_limit()}", *without_rights, *command]
    try:
        with started(command, port, folder / "server.log", cwd=folder, env=os.environ | environment) as process:
            yield Limited(f"http://127.0.0.1:{port}", psutil.Process(process.pid), folder / "server.log")
    finally:
        shutil.rmtree(folder)


class Reader(NamedTuple):
    """Who asks, and what the page's functions are called."""

    client: httpx.AsyncClient
    functions: dict[str, int]

    async def ask(self, function: str, page: str, data: list) -> list[httpx.Response]:
        """Of a function of a page, and wait for what comes of it."""
        asked = {"data": data, "fn_index": self.functions[function], "session_hash": page}
        joined = await self.client.post("/gradio_api/queue/join", json=asked)
        return [joined, await self.client.get("/gradio_api/queue/data", params={"session_hash": page})]


async def question(reader: Reader, number: int) -> list[httpx.Response]:
    asked = {"report": f"The heart is enlarged, film {number}.", "betas": [0.0]}
    return [await reader.client.post("/api/v1/predict", json=asked)]


async def first_case(reader: Reader, number: int) -> list[httpx.Response]:
    return await reader.ask("begin", f"page-{number}", [None, 0.5])


async def moves(reader: Reader, number: int) -> list[httpx.Response]:
    """β, by a hand that is quicker than the answers, on a report."""
    page, beta = f"moves-{number}", "/gradio_api/run/predict_at"
    opened = await reader.ask("open_alone", page, [None, 0.5, "An effusion is seen."])
    asked = ({"data": [None, step / 20], "session_hash": page} for step in range(20))
    return [*opened, *await asyncio.gather(*(reader.client.post(beta, json=body) for body in asked))]


async def upload(reader: Reader, number: int) -> list[httpx.Response]:
    sent = await reader.client.post("/gradio_api/upload", files={"files": ("film.png", FILM)})
    if sent.status_code != 200:
        return [sent]
    film = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
    return [sent, *await reader.ask("open_upload", f"upload-{number}", [None, 0.5, film, "Clear."])]


async def explanation(reader: Reader, number: int) -> list[httpx.Response]:
    asked = {"report": f"The lungs are clear, film {number}.", "betas": [0.0], "image_methods": []}
    return [await reader.client.post("/api/v1/explain", json=asked)]


async def login(reader: Reader, number: int) -> list[httpx.Response]:
    """Of nobody that is known, each from another address."""
    form, place = {"username": f"nobody{number}", "password": "x" * 20}, {"X-Forwarded-For": f"192.0.2.{number}"}
    async with httpx.AsyncClient(base_url=reader.client.base_url, timeout=reader.client.timeout) as stranger:
        return [await stranger.post("/login", data=form, headers=place)]


Kind = Callable[[Reader, int], Awaitable[list[httpx.Response]]]


@contextlib.asynccontextmanager
async def readers(url: str):
    """Those of the file of users, logged in."""
    async with contextlib.AsyncExitStack() as open_clients:
        known: list[Reader] = []
        for number in range(READERS):
            client = httpx.AsyncClient(
                base_url=url,
                timeout=None,
                limits=httpx.Limits(max_connections=None),
                headers={"X-Forwarded-For": f"198.51.100.{number}"},
            )
            await open_clients.enter_async_context(client)
            form = {"username": f"reader{number}", "password": PASSWORD}
            (await client.post("/login", data=form)).raise_for_status()
            dependencies = (await client.get("/config")).json()["dependencies"]
            known.append(Reader(client, {d["api_name"]: d["id"] for d in dependencies if d["api_name"]}))
        yield known


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({question: 200, first_case: 30}, id="questions"),
        pytest.param(
            {question: 150, first_case: 8, login: 150, upload: 20, explanation: 8, moves: 8},
            id="everything",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_flood_stays_well_below_the_task_limit_and_is_answered(limited, asked: dict[Kind, int]):
    most = 0

    async def flood() -> dict[Kind, list[httpx.Response]]:
        nonlocal most
        async with readers(limited.url) as known:
            asking = {
                kind: [asyncio.create_task(kind(known[n % READERS], n)) for n in range(count)]
                for kind, count in asked.items()
            }
            everything = [task for tasks in asking.values() for task in tasks]
            while not all(task.done() for task in everything):
                most = max(most, limited.tasks())
                for path in ("/healthz", "/readyz"):
                    assert (await known[0].client.get(path)).status_code == 200
                await asyncio.sleep(0.1)
            return {kind: [answer for task in tasks for answer in task.result()] for kind, tasks in asking.items()}

    answers = run_async(flood())
    for kind, given in answers.items():
        refused = [answer for answer in given if answer.status_code != (401 if kind is login else 200)]
        assert {answer.status_code for answer in refused} <= {503}, kind
        assert all(answer.headers["retry-after"] for answer in refused)
        assert len(refused) < len(given), kind
        # Of what a function of the page was asked, its last event says whether it was done.
        ended = [json.loads(e) for a in given for e in re.findall(r"^data: (.*process_completed.*)$", a.text, re.M)]
        assert [event for event in ended if not event["success"]] == [], kind
    assert sum(answer.status_code == 200 for given in answers.values() for answer in given) > 100
    assert 0 < most < shipped_task_limit() / 2
    assert limited.process.is_running()
    log = limited.log.read_text()
    assert [word for word in ("Traceback", "thread", "libgomp", "unavailable") if word in log] == []
