"""nginx with deploy's own configuration, in front of servers that a test started."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from started import free_port

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = ROOT / "deploy" / "nginx" / "betalens.conf"
HOST = "betalens.hospital.example"  # as the configuration names it
UNPACKED = ROOT / ".venv" / "nginx" / "usr" / "sbin" / "nginx"  # where `make test` puts it


class Front(NamedTuple):
    """A running nginx."""

    port: int  # of TLS, on 127.0.0.1
    plain: int
    log: Path  # a line a request: time, method, path, status, server, seconds
    trust: ssl.SSLContext


def nginx() -> str:
    """The program; the test is skipped where there is none."""
    found = shutil.which("nginx") or (str(UNPACKED) if UNPACKED.exists() else None)
    if not found or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not at hand: apt-get install nginx-light openssl")
    return found


def configured(folder: Path, servers: list[int], tls: int = 443, plain: int = 80) -> Path:
    """A whole configuration around deploy's: its addresses become those of a test, and nothing else changes."""
    text = CONFIGURATION.read_text("utf-8")
    names = [f"server betalens-{name}:7860" for name in "ab"]
    changes = {"listen 443 ": f"listen 127.0.0.1:{tls} ", "listen 80": f"listen 127.0.0.1:{plain}"}
    changes |= {"/etc/nginx/tls": str(folder), "/var/log/nginx": str(folder)}
    changes |= {name: f"server 127.0.0.1:{port}" for name, port in zip(names, servers, strict=True)}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "betalens.conf").write_text(text, "utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        # Its own access log would lie in a folder that only an installed nginx has.
        f"http {{ {scratch} access_log off; include {folder}/betalens.conf; }}\n",
        "utf-8",
    )
    return main


def certificate(folder: Path) -> None:
    """A key and a certificate for the host, signed by itself."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout privkey.pem -out fullchain.pem"
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)


@contextlib.contextmanager
def front(folder: Path, servers: list[int]) -> Iterator[Front]:
    """nginx before servers on these ports of 127.0.0.1, until it is not needed any more."""
    program, tls, plain = nginx(), free_port(), free_port()
    certificate(folder)
    main = configured(folder, servers, tls, plain)
    process = subprocess.Popen([program, "-c", str(main), "-p", str(folder), "-e", str(folder / "error.log")])
    try:
        end = time.monotonic() + 20
        while not _listens(tls):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "error.log").read_text())
            time.sleep(0.05)
        trust = ssl.create_default_context(cafile=folder / "fullchain.pem")
        yield Front(tls, plain, folder / "betalens.log", trust)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
