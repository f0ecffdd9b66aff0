"""A checkout of this project, served by a process of its own."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 300  # seconds, on a machine that is busy with something else


@contextlib.contextmanager
def served(*arguments: str, checkout: Path = ROOT) -> Iterator[tuple[str, int]]:
    """The address that `betalens serve` answers at, and the number of its process, which ends with the block.

    Raises:
        SystemExit: it ended, or did not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", str(port), *arguments]
    process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL)
    try:
        _wait_for(url, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=LIMIT).close()
            return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise SystemExit(f"the server on {url} did not answer")
