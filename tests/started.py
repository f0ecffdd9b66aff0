"""`betalens serve` in a process of its own, for the tests that need a real server."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

START_LIMIT = 180.0  # seconds, on a machine that is busy with something else


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def started(
    command: Sequence[str | Path], port: int, log: Path, limit: float = START_LIMIT, **options: Any
) -> Iterator[subprocess.Popen]:
    """A server that has said that it is ready; it is ended afterwards.

    Args:
        port: that the command lets it listen on.
        log: what it writes.
        options: of `subprocess.Popen`.
    """
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **options)
    try:
        end = time.monotonic() + limit
        while not is_ready(f"http://127.0.0.1:{port}"):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the server did not start: {log.read_text()[-3000:]}")
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=30, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
