"""What goes wrong around a server: it is stopped, left alone, cut off."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 180  # seconds, on a machine that is busy with something else
# Some seconds of work on the embedded demo: every finding by two methods that take long.
LONG = {
    "betas": [0.5],
    "findings": ["Atelectasis", "Cardiomegaly", "Edema", "Effusion", "Emphysema", "Nodule"],
    "image_methods": ["integrated_gradients"],
    "report_methods": ["leave_one_word_out", "integrated_gradients"],
}


# A server that has so many seconds to end: more than a busy machine takes for an explanation, or fewer than any does.
DRAINING = "from dashboard import cli, server; server.DRAIN = {}; cli.main()"


def start(folder: Path, *before: str, run: Sequence[str] = ("-m", "dashboard.cli")) -> tuple[subprocess.Popen, str]:
    """A server over the embedded demo that is ready; `before` runs it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*before, sys.executable, *run, "serve", "--port", str(port), "--feedback", str(folder)]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    return process, f"http://127.0.0.1:{port}"


def wait_until(answered, limit: float = START_LIMIT) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            if answered():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"not within {limit} s")


@pytest.fixture
def server(tmp_path):
    process, url = start(tmp_path)
    wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
    yield process, url
    process.kill()
    process.wait()


def is_at_work(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def in_line(url: str) -> int:
    """Explanations at work or waiting."""
    metrics = httpx.get(f"{url}/metrics").text
    return int(float(re.search(r"^betalens_explanations_in_line (\S+)", metrics, re.MULTILINE)[1]))


def long_study(url: str, number: int = 0) -> dict:
    """A request that takes some seconds."""
    config = httpx.get(f"{url}/config").json()
    cases = next(c["props"]["value"] for c in config["components"] if c["props"].get("elem_id") == "bl-cases")
    ids = re.findall(r'"id": "([^"]+)"', cases)
    return {"study_id": ids[number], **LONG}


@pytest.mark.parametrize(
    ("drain", "findings", "status", "said"),
    [(300, 1, 200, '"findings"'), (0.2, 6, 503, "The server is stopped: ask again.")],
    ids=["answers first", "or says that it does not"],
)
def test_a_server_that_is_stopped(tmp_path, drain, findings, status, said):
    process, url = start(tmp_path, run=("-c", DRAINING.format(drain)))
    try:
        wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
        asked = long_study(url) | {"findings": LONG["findings"][:findings]}
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(httpx.post, f"{url}/api/v1/explain", json=asked, timeout=300)
            wait_until(lambda: in_line(url) > 0)
            started = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            assert (answer.result().status_code, said in answer.result().text) == (status, True)
        process.wait(timeout=START_LIMIT)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/healthz")
        assert started  # the decoder's, and the one that explains
        wait_until(lambda: not any(map(is_at_work, started)))
        assert "Traceback" not in (tmp_path / "server.log").read_text()
    finally:
        process.kill()
        process.wait()


def test_work_for_a_client_that_left_stops(server):
    _, url = server
    asked = long_study(url)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/api/v1/explain", json=asked, timeout=httpx.Timeout(60, read=1.5))
    wait_until(lambda: in_line(url) == 0, limit=20)
    whole = httpx.get(f"{url}/metrics").text
    done = int(float(re.search(r'^betalens_stage_seconds_count\{stage="explain"\} (\S+)', whole, re.MULTILINE)[1]))
    assert done < len(LONG["findings"]) * 3  # it was not finished


@pytest.mark.slow
def test_without_a_network_it_starts(tmp_path):
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a network namespace")
    process, url = start(tmp_path, *alone)
    inside = ["nsenter", "--net", "--target"]
    try:
        asked = [sys.executable, "-c", f"import httpx; print(httpx.get('{url}/readyz', trust_env=False).status_code)"]

        def ready() -> bool:
            found = subprocess.run([*inside, str(process.pid), *asked], capture_output=True, text=True)
            return found.stdout.strip() == "200"

        wait_until(ready)
        assert "Traceback" not in (tmp_path / "server.log").read_text()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_beyond_this_machine_it_does_not_start_without_a_login(tmp_path):
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "--access" in done.stderr
    assert "Traceback" not in done.stderr
