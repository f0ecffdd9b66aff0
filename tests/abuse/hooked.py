"""Two servers in one process, without a login and with: `python hooked.py FOLDER`. What the process does with files and
connections is written to FOLDER/seen, a line of JSON each, once FOLDER/watch is there."""

import json
import os
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import torch
import uvicorn
from helpers import small_network

from dashboard.access import open_access
from dashboard.server import make_app
from dashboard.serving.model_registry import ModelRegistry
from model.feedback import FeedbackStore
from model.inference.engine import Engine
from model.studies.opening import open_studies

FILES = {"open", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.mkdir"}
SOCKETS = {"socket.connect", "socket.getaddrinfo", "socket.sendto"}


def watch(folder: Path) -> None:
    """Install the hook."""
    seen = os.open(folder / "seen", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    mark = str(folder / "watch")
    here = threading.local()

    def hook(event: str, given: tuple) -> None:
        if event in FILES | SOCKETS and not getattr(here, "writing", False):
            here.writing = True
            try:
                if os.path.exists(mark):
                    where = [str(g) for g in given if isinstance(g, (str, bytes, os.PathLike, tuple, int))]
                    os.write(seen, (json.dumps([event, *where]) + "\n").encode())
            finally:
                here.writing = False

    sys.addaudithook(hook)


def main(folder: Path) -> None:
    engine = Engine(small_network(), "untrained", torch.device("cpu"))
    table = open_studies(folder / "studies" / "studies.csv")
    watch(folder)
    running = []
    for name, access in (("open.port", None), ("login.port", open_access(folder / "access.toml"))):
        app = make_app(ModelRegistry(engine, table), FeedbackStore(folder / name.partition(".")[0]), access)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", proxy_headers=False))
        running.append((name, server, threading.Thread(target=server.run, daemon=True)))
    for _, _, thread in running:
        thread.start()
    for name, server, _ in running:
        while not server.started:
            threading.Event().wait(0.05)
        (folder / f"{name}.new").write_text(str(server.servers[0].sockets[0].getsockname()[1]))
        (folder / f"{name}.new").rename(folder / name)
    for _, _, thread in running:
        thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
