"""A real server in its own process and a real Chromium, both started once; a page for each test, and what it did.

BETALENS_E2E_ARGS adds options to `betalens serve`, to run the tests on another checkpoint or other studies.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from e2e.driving import NAMELESS, wait_for_exact
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from started import free_port, started

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
# A browser asks its maker for updates; these keep it to what the page asks for.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
# What Gradio's client says of its own open stream when the page is left, by a reload for instance.
LEAVING = (
    "AbortError: signal is aborted without reason",
    "TypeError: network error",
    "Unexpected error 404: Not Found",
    "Unexpected error Connection errored out",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
)


class Server(NamedTuple):
    url: str
    flags: Path  # the CSV of verdicts


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Server:
    """`betalens serve`, answering."""
    extra = shlex.split(os.environ.get("BETALENS_E2E_ARGS", ""))
    yield from serving(tmp_path_factory.mktemp("feedback"), *extra)


def serving(folder: Path, *extra: str) -> Iterator[Server]:
    """A server whose verdicts and log go to a folder, until it is not needed any more."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", str(port), "--feedback", str(folder), *extra]
    with started(command, port, folder / "server.log", cwd=ROOT):
        yield Server(f"http://127.0.0.1:{port}", folder / "flags.csv")


@pytest.fixture(scope="session")
def browser() -> Browser:
    """A headless Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def context(browser: Browser) -> BrowserContext:
    """Of every `page`: what has a lasting address is loaded once for all."""
    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", color_scheme="dark") as everybody:
        everybody.add_init_script(NAMELESS)
        yield everybody


@pytest.fixture
def page(request: pytest.FixtureRequest, server: Server, context: BrowserContext) -> Page:
    """The page with its first case explained, in a browser that knows nothing of an earlier one. Afterwards: no error
    in the console, no request off this machine; of a test that failed, what page and server said is printed."""
    opened = context.new_page()
    forgotten = {"origin": server.url, "storageTypes": "cookies,local_storage"}
    context.new_cdp_session(opened).send("Storage.clearDataForOrigin", forgotten)
    faults: list[str] = []
    opened.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    opened.on("pageerror", lambda e: faults.append(f"page: {e}"))
    loads = []
    opened.on("domcontentloaded", lambda p: loads.append(p.url))
    opened.on("request", lambda r: None if _local(r.url, server.url) else faults.append(f"request: {r.url}"))
    opened.goto(server.url)
    wait_for_exact(opened)
    yield opened
    if request.node.stash.get(FAILED, True):
        print(opened.locator("body").inner_text())
        print(opened.locator("#bl-stage .bl-widget").evaluate_all("all => all.map((one) => ({...one.dataset}))"))
        print((server.flags.parent / "server.log").read_text()[-3000:])
    opened.close()
    left = len(loads) > 1
    assert [f for f in faults if not (left and any(words in f for words in LEAVING))] == []


def _local(url: str, base: str) -> bool:
    return url.startswith((base, "data:", "blob:", "about:"))
