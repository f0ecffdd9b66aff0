"""The image, built from its Dockerfile by buildah and run without a container engine.

Its base cannot be fetched from here, so a fresh Debian of the same release with its own Python 3.11 stands in for
python:3.11-slim-bookworm. The CUDA image is built, since its PyTorch is the one with hashes, and runs on the CPU. What
runs it is the kernel alone: a read-only root, the image's user and environment, no capability, and what deploy/ mounts.
"""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fronting import ROOT
from started import free_port

from model.storage.paths import DEMO_STUDIES

TOOLS = ("buildah", "debootstrap", "unshare", "setpriv")
BASE = "localhost/python:3.11-slim-bookworm"
PACKAGES = "python3.11,python3.11-venv,python3-distutils,ca-certificates"
PASSWORD = "seven words of a long sentence"
START_LIMIT = 240  # seconds
USER = 10001
# Arguments: the image's files, where feedback is kept, the folder of access.toml; then the command.
RUN = """
set -eu
root=$1 kept=$2 access=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$kept" "$root/var/lib/betalens"
mount --bind "$access" "$root/etc/betalens"
mount -o remount,bind,ro "$root/etc/betalens"
mount -t tmpfs -o uid=10001,gid=10001,mode=0700 tmpfs "$root/var/cache/betalens"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" setpriv --reuid 10001 --regid 10001 --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs -- sh -c 'cd /opt/betalens && exec "$@"' sh "$@"
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


class Image(NamedTuple):
    """A built image, and two folders for what deploy/ mounts."""

    root: Path
    environment: dict[str, str]
    entrypoint: list[str]
    kept: Path
    access: Path

    def start(self, *command: str, **options) -> subprocess.Popen:
        """A command of `betalens` in it, as a container would run it."""
        script = ["unshare", "--mount", "bash", "-c", RUN, "bash", *map(str, (self.root, self.kept, self.access))]
        return subprocess.Popen([*script, *self.entrypoint, *command], env=self.environment, text=True, **options)

    def run(self, *command: str) -> str:
        """What it printed; it must have succeeded."""
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said


def local_pip() -> tuple[dict[str, str], list[str]]:
    """How pip is configured on this machine, as environment variables; and the paths that it needs for that."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = dict(line.split("=", 1) for line in said.stdout.splitlines())
    values = {key.split(".")[-1].upper().replace("-", "_"): ast.literal_eval(v) for key, v in settings.items()}
    words = " ".join(values.values()).split()
    # An index on this disk links to files beside it.
    paths = [str(Path(w.removeprefix("file://")).parent) if w.startswith("file://") else w for w in words]
    return {f"PIP_{k}": v for k, v in values.items()}, [p for p in paths if p[0] == "/" and Path(p).exists()]


class Buildah:
    """buildah, with a store of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *arguments: str) -> str:
        store = ["--root", f"{self.folder}/store", "--runroot", f"{self.folder}/run", "--storage-driver", "overlay"]
        done = subprocess.run(["buildah", *store, *arguments], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout.strip()

    def make_base(self) -> None:
        """A Debian with Python, by the name of the base image."""
        debian = self.folder / "debian"
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(debian)]
        subprocess.run(command, check=True, capture_output=True)
        (debian / "usr" / "bin" / "python").symlink_to("python3.11")
        container = self("from", "scratch")
        self("add", container, str(debian), "/")
        self("commit", "--rm", container, BASE)
        shutil.rmtree(debian)

    def build(self) -> dict:
        """The image, from the very Dockerfile; returns its configuration."""
        variables, paths = local_pip()
        options = [f"--env={name}={value}" for name, value in variables.items()]
        options += [f"--volume={path}:{path}:ro" for path in {*paths, "/etc/ssl/certs", "/etc/hosts"}]
        options += ["--file=deploy/Dockerfile", "--ignorefile=deploy/Dockerfile.dockerignore", "--target=cuda"]
        options += [f"--build-arg=BASE={BASE}", "--tag=betalens:cuda"]
        self("bud", "--isolation=chroot", "--network=host", "--layers", *options, ".")
        config = json.loads(self("inspect", "--type=image", "betalens:cuda"))["OCIv1"]["config"]
        config["Env"] = dict(v.split("=", 1) for v in config["Env"] if v.split("=", 1)[0] not in variables)
        return config

    def clean(self) -> None:
        """Gigabytes."""
        self("rm", "--all")
        self("rmi", "--all", "--force")


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[Image]:
    """Some ten minutes and 30 GB of disk."""
    if os.getuid() != 0 or not all(map(shutil.which, TOOLS)):
        pytest.skip(f"as root, with {', '.join(TOOLS)}: apt-get install buildah debootstrap")
    folder = tmp_path_factory.mktemp("image")
    kept, access = folder / "kept", folder / "access"
    for mounted in (kept, access):
        mounted.mkdir()
        os.chown(mounted, USER, USER)
    buildah = Buildah(folder)
    try:
        buildah.make_base()
        config = buildah.build()
        assert config["User"] == f"{USER}:{USER}"
        root = Path(buildah("mount", buildah("from", "betalens:cuda")))
        environment = config["Env"] | {"BETALENS_SECRET": "0123456789" * 4}
        yield Image(root, environment, config["Entrypoint"], kept, access)
    finally:
        buildah.clean()


def test_it_serves_on_a_read_only_root_and_stops_when_told(image):
    add = [sys.executable, "-m", "dashboard.cli", "users", "add", "chief", "--role", "administrator"]
    subprocess.run(
        [*add, "--file", str(image.access / "users.json")], cwd=ROOT, input=f"{PASSWORD}\n", text=True, check=True
    )
    os.chown(image.access / "users.json", USER, USER)
    shutil.copy(ROOT / "deploy" / "access" / "access.toml", image.access)

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = image.start("serve", "--host", "0.0.0.0", "--port", str(port), stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + START_LIMIT
        while not _ready(url):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < end
            time.sleep(1)
        assert httpx.get(url).status_code == 401
        assert httpx.get(f"{url}/metrics", auth=("chief", PASSWORD)).status_code == 200
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(rf"^Uid:\s+{USER}\s+{USER}\s", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        assert (image.kept / "models" / "current.json").is_file()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_what_is_compiled_and_cached_finds_its_place(image):
    films = image.kept / "studies"
    films.mkdir()
    rows = ["study_id,image,report,label,split"]
    for number, film in enumerate(sorted((DEMO_STUDIES / "films").glob("*.webp"))[:40]):
        shutil.copy(film, films)
        kind = "Cardiomegaly" if number % 2 else "Effusion"
        rows.append(f"study-{number},{film.name},The heart is normal. Case {number}.,{kind},train")
    (films / "studies.csv").write_text("\n".join(rows), "utf-8")
    assert "studies: 40" in image.run("atlas", "--studies", "/var/lib/betalens/studies/studies.csv")


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
