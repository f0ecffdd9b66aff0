"""The two places that flags can be kept in: a folder, and a PostgreSQL server that is started for the tests."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.feedback import Store, open_store

START_LIMIT = 60  # seconds
PASSWORD = "hush-hush"


class Postgres:
    """A server that can be stopped and started again."""

    def __init__(self, binaries: Path, folder: Path, port: int, run: dict):
        self.binaries, self.folder, self.port, self.run = binaries, folder, port, run
        self.address = f"postgresql+psycopg://betalens:{PASSWORD}@127.0.0.1:{port}/postgres"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [self.binaries / "postgres", "-D", "data", "-k", self.folder, "-h", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, **self.run)
        _wait_for(self.binaries / "pg_isready", self.port)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: a fast shutdown; SIGQUIT: at once, as if the power failed."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(timeout=START_LIMIT)
            self.process = None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A server with an empty database."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *filter(None, [shutil.which("initdb")])]
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    binaries = Path(found[0]).parent
    folder = Path(tempfile.mkdtemp(prefix="betalens-postgres-"))  # pytest's own folders are closed to other users
    # It refuses to run as root.
    run = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.geteuid() == 0:
        run |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["-D", "data", "-U", "betalens", "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--pwfile=password"]
    server = Postgres(binaries, folder, port, run)
    try:
        subprocess.run([binaries / "initdb", *options, "--no-sync"], check=True, **run)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def postgres(postgres_server: Postgres) -> str:
    """The address of the database."""
    if postgres_server.process is None:
        postgres_server.start()
    return postgres_server.address


def _wait_for(pg_isready: Path, port: int) -> None:
    end = time.monotonic() + START_LIMIT
    while subprocess.run([pg_isready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
        assert time.monotonic() < end, f"PostgreSQL did not answer in {START_LIMIT} s"
        time.sleep(0.1)


@pytest.fixture(params=["folder", "postgresql"])
def address(request, tmp_path) -> str:
    """Where an empty store is."""
    if request.param == "folder":
        return str(tmp_path / "feedback")
    url = request.getfixturevalue("postgres")
    import sqlalchemy

    from model.feedback.sql import TABLES

    TABLES.drop_all(sqlalchemy.create_engine(url))
    return url


@pytest.fixture
def store(address: str) -> Store:
    """An empty store."""
    return open_store(address)
