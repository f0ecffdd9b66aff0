"""However much is asked for, a server stays within the limits that deploy/ sets, and says whether it lives."""

import contextlib
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
from abuse.conftest import HERE
from fastapi.testclient import TestClient
from helpers import run_async

from dashboard.server import make_app
from dashboard.web import thread_pools
from model.feedback import FeedbackStore


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whether_it_lives_is_told_without_a_thread(app, path, method):
    async def ask() -> int:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        async with limiter:  # all of them are at work
            with anyio.fail_after(30):
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as client:
                    return (await client.request(method, path)).status_code

    assert run_async(ask()) in (200, 503)  # it may still warm up


def test_made_up_methods_and_paths_leave_no_figures_of_their_own(serving, tmp_path):
    with TestClient(make_app(serving, FeedbackStore(tmp_path)), base_url=HERE) as client:
        for number in range(30):
            client.request(f"MADEUP{number}", f"/made-up/{number}")
        text = client.get("/metrics").text
    assert "MADEUP" not in text
    assert "made-up" not in text
    assert 'method="other"' in text


class Held(FeedbackStore):
    """A store whose file somebody else has locked, until it is let go."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.release, self.waiting = threading.Event(), threading.Semaphore(0)

    def save(self, flag):
        self.waiting.release()
        self.release.wait()
        return super().save(flag)


def test_verdicts_that_wait_for_a_lock_stop_nobody_else(serving, tmp_path):
    store = Held(tmp_path)
    verdict = {"report": "An effusion.", "beta": 0.0, "verdict": "agree"}
    with (
        TestClient(make_app(serving, store), base_url=HERE) as client,
        ThreadPoolExecutor(20) as pool,
        contextlib.ExitStack() as at_last,
    ):
        at_last.callback(store.release.set)  # whatever fails: or those who wait would be waited for
        flagged = [pool.submit(client.post, "/api/v1/flag", json=verdict) for _ in range(20)]
        for _ in range(thread_pools.judging.threads):  # as many as have threads for it; the others wait without one
            assert store.waiting.acquire(timeout=60)
        for path in ("/healthz", "/config", "/metrics"):
            assert client.get(path).status_code == 200
        assert client.post("/api/v1/predict", json={"report": "Clear lungs."}).status_code == 200
        assert not store.waiting.acquire(blocking=False)
        store.release.set()
        assert {answer.result().status_code for answer in flagged} == {200}
    assert len(store.rows()) == 20


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a folder")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_an_upload_to_a_full_disk_says_so(serving, small_disk, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(small_disk))
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    app = make_app(serving, FeedbackStore(tmp_path / "flags"))
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        answer = client.post("/gradio_api/upload", files={"files": ("film.png", bytes(3 * 2**20))})
        assert answer.status_code == 507
        assert "no room on its disk" in answer.json()["detail"]
        assert client.post("/gradio_api/upload", files={"files": ("film.png", bytes(1000))}).status_code == 200
