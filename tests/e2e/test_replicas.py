"""Two servers with one folder of feedback and one of models, behind nginx as deploy/ sets it up."""

import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import torch
from e2e.conftest import CHROMIUM, LEAVING, QUIET
from e2e.driving import EXACT_LIMIT, NAMELESS, wait_for_exact
from fronting import HOST, ROOT, Front, front
from playwright.sync_api import Page, expect, sync_playwright
from started import free_port, started

from dashboard.access.identity import Role
from dashboard.access.users import set_user
from model.feedback import FeedbackStore
from model.finetuning.versions import Versions
from model.network import checkpoint
from model.storage.paths import DEMO_CHECKPOINT

START_LIMIT, SWAP_LIMIT = 600, 300  # seconds, on a machine that is busy with something else
OWN = (f"https://{HOST}/", "data:", "blob:")
# The icon is asked for by the form as well, before anybody is logged in.
LEFT = (*LEAVING, f"https://{HOST}/favicon.ico")
SECRET = "0123456789abcdef" * 4
MAPPED = "--host-resolver-rules=MAP {host}:443 127.0.0.1:{port}"


class Reader(NamedTuple):
    """Who may log in."""

    name: str
    role: Role
    password: str


REVIEWER = Reader("dr.marks", Role.REVIEWER, "seven words of a long sentence")


class Server(NamedTuple):
    """A server under its own name."""

    name: str
    port: int
    process: subprocess.Popen
    log: Path


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[Server]:
    """`betalens serve`, ready; it takes logins."""
    port, log = free_port(), folder / f"{name}.log"
    shared = ["--feedback", str(folder / "feedback"), "--models", str(folder / "models")]
    known = ["--access", str(folder / "access.toml"), "--audit", str(folder / f"{name}.audit")]
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", str(port), "--replica", name, *shared, *known]
    environment = os.environ | {"BETALENS_SECRET": SECRET}
    with started(command, port, log, START_LIMIT, cwd=ROOT, env=environment) as process:
        yield Server(name, port, process, log)


def until(happened: Callable[[], bool], limit: float, what: str) -> None:
    end = time.monotonic() + limit
    while not happened():
        assert time.monotonic() < end, f"in {limit} s not: {what}"
        time.sleep(0.5)


@pytest.fixture
def servers(tmp_path) -> Iterator[dict[int, Server]]:
    """Both, by their ports. A reviewer may log in."""
    set_user(tmp_path / "users.json", *REVIEWER)
    (tmp_path / "access.toml").write_text('proxies = ["127.0.0.1/32"]\n[users]\nfile = "users.json"\n', "utf-8")
    with serving("a", tmp_path) as first, serving("b", tmp_path) as second:
        yield {server.port: server for server in (first, second)}


def asked(before: Front, ticket: str) -> int:
    """The port of the server that answers a browser with this ticket."""
    headers = {"Host": HOST, "Cookie": f"betalens_ticket={ticket}"}
    with httpx.Client(base_url=f"https://127.0.0.1:{before.port}", headers=headers, verify=before.trust) as client:
        client.get("/healthz", extensions={"sni_hostname": HOST}).raise_for_status()
    return int(before.log.read_text().splitlines()[-1].split()[-2].split(":")[-1])


def opened(browser, ticket: str) -> tuple[Page, list[str]]:
    """The page of the reviewer, who has this ticket, with its first case explained; and what the page complained of."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(NAMELESS)
    context.add_cookies([{"name": "betalens_ticket", "value": ticket, "url": f"https://{HOST}"}])
    page, faults = context.new_page(), []
    page.goto(f"https://{HOST}/")  # answers 401, with the form
    page.on("console", lambda m: faults.append(f"{m.location['url']}: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(OWN) else faults.append(r.url))
    page.get_by_label("Name").fill(REVIEWER.name)
    page.get_by_label("Password").fill(REVIEWER.password)
    page.get_by_role("button").click()
    wait_for_exact(page)
    (session,) = (c for c in context.cookies() if c["name"] == "__Host-betalens_session")
    assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Lax")
    return page, faults


def agree(page: Page) -> None:
    page.get_by_role("button", name="Agree", exact=True).click()
    expect(page.locator(".bl-outcome")).to_contain_text("Saved.", timeout=20_000)


def other_version(folder: Path) -> str:
    """A version of the demo's model with other weights; it is not promoted."""
    network, _ = checkpoint.load(DEMO_CHECKPOINT)
    with torch.no_grad():
        network.head.out.weight.mul_(0.9)
    checkpoint.save(network, folder / "other")
    return Versions(folder / "models").adopt(folder / "other")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_servers_are_one_to_their_readers(servers, tmp_path):
    with front(tmp_path, list(servers)) as before, sync_playwright() as playwright:
        tickets: dict[int, str] = {}
        for number in range(64):
            tickets.setdefault(asked(before, f"{number:032x}"), f"{number:032x}")
        assert tickets.keys() == servers.keys()

        mapped = MAPPED.format(host=HOST, port=before.port)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, mapped])
        pages, faults = {}, {}
        for port, ticket in tickets.items():
            pages[port], faults[port] = opened(browser, ticket)

        # A verdict through each server lands in one list, which either shows.
        for page in pages.values():
            agree(page)
        store = FeedbackStore(tmp_path / "feedback")
        assert [f.verdict for f in store.rows()] == ["agree", "agree"]
        names = sorted(path.name for path in (tmp_path / "feedback").glob("flags*.csv"))
        assert names == ["flags-a.csv", "flags-b.csv"]
        for page in pages.values():
            page.get_by_role("tab", name="Feedback").click()
            expect(page.locator("tr[data-flag]")).to_have_count(2, timeout=20_000)
            page.get_by_role("tab", name="Review").click()

        # A promoted version is served by both, and what is judged from then on is its answer.
        name = other_version(tmp_path)
        Versions(tmp_path / "models").promote(name)
        for server in servers.values():
            until(lambda s=server: f"Version {name} " in s.log.read_text(), SWAP_LIMIT, f"{server.name} serves {name}")
        for page in pages.values():
            page.reload()
            wait_for_exact(page)
            agree(page)
        old, new = ({f.model_digest for f in rows} for rows in (store.rows()[:2], store.rows()[2:]))
        assert (len(old), len(new), old & new) == (1, 1, set())
        told = [fault for fault in itertools.chain(*faults.values()) if not any(words in fault for words in LEFT)]
        assert told == []

        # One is killed: its reader comes back, by the same address, to the other one and to every verdict.
        gone, left = servers
        servers[gone].process.kill()
        page = pages[gone]
        page.reload()
        page.wait_for_selector("[data-tier=exact]", timeout=EXACT_LIMIT)
        assert asked(before, tickets[gone]) == left
        agree(page)
        assert len(store.rows()) == 5
        browser.close()
