"""No reader makes the server read, delete or fetch anything but the films that they themselves have sent.

Everything is asked of a server in a process of its own, without rights, in which an audit hook writes down each file
that is opened or removed and each connection that is made.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from helpers import random_film
from sending import png

from dashboard.access.identity import Role
from dashboard.access.users import set_user

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
ROLES = {"vera": Role.VIEWER, "rita": Role.REVIEWER, "ada": Role.ADMINISTRATOR}
SECRET = "canary-4c1f0e"
START_LIMIT = 180  # seconds, on a machine that is busy with something else
NOBODY = 65534
STUDIES = "study_id,image,report,label,split\none,,The lungs are clear.,,test\n"


class Attacked(NamedTuple):
    """Two servers, and files that are none of their readers' business."""

    folder: Path
    open: str  # the address of the one without a login
    login: str
    secret: Path
    link: Path  # to the secret, in the folder of uploads
    pid: int

    def seen(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "seen").read_text().splitlines()]


@pytest.fixture(scope="module")
def attacked():
    folder = Path(tempfile.mkdtemp(prefix="betalens-attacked-"))  # pytest's own are root's alone
    for name in ("studies", "uploads", "temporary", "home", "open", "login", "others"):
        (folder / name).mkdir()
    (folder / "studies" / "studies.csv").write_text(
        "study_id,image,report,label,split\none,,The lungs are clear.,,test\n"
    )
    for name, role in ROLES.items():
        set_user(folder / "users.json", name, role, PASSWORD)
    (folder / "access.toml").write_text('[users]\nfile = "users.json"\n')
    secret = folder / "others" / "secret.png"
    secret.write_bytes(png(random_film(9)) + SECRET.encode())
    link = folder / "uploads" / "link.png"
    link.symlink_to(secret)
    without_rights = []
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not at hand, and nothing here is tried as root")
        without_rights = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", folder], check=True)
    environment = os.environ | {
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "TMPDIR": str(folder / "temporary"),
        "HOME": str(folder / "home"),
        "BETALENS_SECRET": "0" * 64,
        "CANARY": SECRET,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = (folder / "log").open("w")
    command = [*without_rights, sys.executable, str(ROOT / "tests" / "abuse" / "hooked.py"), str(folder)]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + START_LIMIT
        ports = [folder / "open.port", folder / "login.port"]
        while not all(port.exists() for port in ports):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "log").read_text()[-3000:])
            time.sleep(0.2)
        addresses = [f"http://127.0.0.1:{port.read_text()}" for port in ports]
        (folder / "watch").touch()
        yield Attacked(folder, *addresses, secret, link, process.pid)
    finally:
        process.kill()
        process.wait()
        log.close()
        shutil.rmtree(folder)


def reader(attacked: Attacked, name: str | None) -> httpx.Client:
    """Somebody with a role; "" somebody who is not logged in; None the reader of a server without a login."""
    page = {"x-page": f"page-of-{name}"}  # is remembered here alone
    client = httpx.Client(base_url=attacked.open if name is None else attacked.login, timeout=120, headers=page)
    if name:
        client.post("/login", data={"username": name, "password": PASSWORD}).raise_for_status()
    return client


def functions(client: httpx.Client) -> list[dict]:
    """The functions of the live page, with the kinds of their inputs."""
    config = client.get("/config").raise_for_status().json()
    kinds = {component["id"]: component["type"] for component in config["components"]}
    return [fn | {"kinds": [kinds[i] for i in fn["inputs"]]} for fn in config["dependencies"]]


def files(attacked: Attacked) -> list[dict | list]:
    """Every shape in which Gradio takes a file, of what no reader may name."""
    meta, places = {"_type": "gradio.FileData"}, [
        str(attacked.secret), str(attacked.link), str(attacked.folder / "users.json"), "/proc/self/environ",
        f"{attacked.folder}/uploads/../others/secret.png", "../others/secret.png", f"file://{attacked.secret}",
        "http://127.0.0.1:9/x.png", "https://betalens.invalid/x.png", "data:image/png;base64,aGVsbG8=",
    ]  # fmt: skip
    shapes = [{"path": place, "meta": meta} for place in places]
    shapes += [shape | {"is_stream": True} for shape in shapes[:5]]
    secret = str(attacked.secret)
    return [
        *shapes,
        {"path": secret, "url": "http://127.0.0.1:9/x.png", "orig_name": "../../x", "size": 1, "meta": meta},
        {"path": secret},
        {"url": "http://127.0.0.1:9/x.png", "meta": meta},
        {"is_stream": True},
        {"meta": meta},
        [{"path": secret, "meta": meta}],
        [[{"deep": [{"path": secret, "meta": meta, "is_stream": True}]}]],
        {"value": {"path": secret, "meta": meta}},
        {"a": {"b": [0, {"c": {"path": secret, "is_stream": True, "meta": meta}}]}},
    ]


def join(client: httpx.Client, fn: dict, data: list, **more) -> httpx.Response:
    asked = {"data": data, "fn_index": fn["id"], "session_hash": client.headers["x-page"], **more}
    return client.post(
        "/gradio_api/queue/join", content=json.dumps(asked), headers={"content-type": "application/json"}
    )


def wait_for_answers(client: httpx.Client) -> str:
    """All that the page was answered."""
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": client.headers["x-page"]}) as answer:
        return "".join(answer.iter_text())


def good(kinds: list[str]) -> list:
    return [{"slider": 0.5, "textbox": "Clear.", "api": {"report": "x"}}.get(kind) for kind in kinds]


def check(attacked: Attacked, before: int, answers: list[str]) -> None:
    """Only what may be was opened and removed, and nobody was told a secret."""
    read = [
        ROOT,
        sys.prefix,
        sys.base_prefix,
        "/dev",
        "/sys",
        "/proc/meminfo",
        "/proc/cpuinfo",
        "/etc/localtime",
        "/usr",
    ]
    written = [attacked.folder / name for name in ("temporary", "home", "open", "login")]
    read += [*written, attacked.folder / "studies", attacked.folder / "users.json"]
    strange = []
    for event, *given in attacked.seen()[before:]:
        if event.startswith("socket"):
            strange += [(event, given)] if not any(host in str(given) for host in ("127.0.0.1", "::1")) else []
            continue
        path = os.path.realpath(given[0]) if not given[0].isdigit() else ""
        allowed = read if event == "open" else written
        if path and not any(Path(path).is_relative_to(os.path.realpath(place)) for place in allowed):
            strange.append((event, given))
    assert strange == []
    assert SECRET.encode() in attacked.secret.read_bytes()
    assert (attacked.folder / "users.json").exists()
    assert [text[:200] for text in answers if SECRET in text or "argon2" in text] == []


def attack(attacked: Attacked, name: str | None, values: list) -> list[str]:
    """Send each value to every input of every function, and as what happened on the page."""
    answers = []
    with contextlib.closing(reader(attacked, name or "ada" if name is not None else None)) as client:
        known = functions(client)
    with contextlib.closing(reader(attacked, name)) as client:
        for fn in known:
            for value in values:
                sent = [[*good(fn["kinds"])[:i], value, *good(fn["kinds"])[i + 1 :]] for i in range(len(fn["kinds"]))]
                asked = [join(client, fn, data) for data in [*sent, [value], value]]
                asked.append(join(client, fn, good(fn["kinds"]), event_data=value))
                for answer in asked:
                    is_upload = "file" in fn["kinds"] and answer is asked[-1]  # its own event is not looked at
                    assert answer.status_code == (401 if name == "" else 422) or is_upload, (fn, value, answer.text)
                    answers.append(answer.text)
    return answers


@pytest.mark.parametrize("name", [None, "vera", ""])
def test_a_file_reaches_no_function(attacked, name):
    before = len(attacked.seen())
    some = files(attacked)
    check(attacked, before, attack(attacked, name, [*some[:1], *some[10:11], *some[-3:]]))


def open_files(attacked: Attacked) -> list[str]:
    """Of those below its folder, what the server has open, nameless ones too."""
    links = []
    for descriptor in Path(f"/proc/{attacked.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(os.readlink(descriptor))
    return [link for link in links if link.startswith(str(attacked.folder / "temporary"))]


def test_an_upload_that_breaks_off_leaves_nothing(attacked):
    began = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n' + bytes(3_000_000)
    length = len(began) + 1_000_000
    port = int(attacked.open.rpartition(":")[2])
    head = "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + began)
        wait_until(lambda: open_files(attacked))
        assert [path for path in (attacked.folder / "temporary").rglob("*") if path.is_file()] == []
    wait_until(lambda: not open_files(attacked))


def wait_until(answered) -> None:
    end = time.monotonic() + START_LIMIT
    while not answered():
        assert time.monotonic() < end
        time.sleep(0.05)


def values(attacked: Attacked) -> list:
    """Every kind of JSON, and texts that name what no reader may name."""
    texts = [str(attacked.secret), "../others/secret.png", "/proc/self/environ", "http://127.0.0.1:9/x.png", "=1+1"]
    keys = ("value", "id", "study", "split", "finding", "name", "modality", "mask", "path_", "column", "what", "case")
    kinds = [None, True, 0, -1, 0.5, 2**62, 1e308, "", "\0", [], [1, [2]], {}, {"a": {"b": []}}]
    for _ in range(50):
        kinds[-2] = [kinds[-2]]
    return [*[{"index": 0} | dict.fromkeys(keys, text) for text in texts], *texts, *kinds]


def try_values(attacked: Attacked, name: str | None, some: list) -> list[str]:
    """Send each value to every input of every function, and as what happened; then read what came of it."""
    with contextlib.closing(reader(attacked, name or "ada" if name is not None else None)) as client:
        known = functions(client)
    answers, taken = [], 0
    with contextlib.closing(reader(attacked, name)) as client:
        for fn in known:
            for value in some:
                kinds = fn["kinds"]
                sent = [[*good(kinds)[:i], value, *good(kinds)[i + 1 :]] for i in range(len(kinds))]
                asked = [join(client, fn, data) for data in sent] + [join(client, fn, good(kinds), event_data=value)]
                for answer in asked:
                    assert answer.status_code in ((401,) if name == "" else (200, 413, 422)), (fn, value, answer.text)
                    taken += answer.status_code == 200
                    answers.append(answer.text)
        if taken:
            answers.append(wait_for_answers(client))
    assert taken or name == ""
    return answers


def test_a_text_that_names_a_file_opens_none(attacked):
    before = len(attacked.seen())
    check(attacked, before, try_values(attacked, "rita", values(attacked)[:1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", [None, *ROLES, ""])
def test_no_value_opens_a_file(attacked, name):
    before = len(attacked.seen())
    check(attacked, before, try_values(attacked, name, values(attacked)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [None, *ROLES, ""])
def test_no_shape_of_a_file_reaches_any_function(attacked, name):
    before = len(attacked.seen())
    check(attacked, before, attack(attacked, name, files(attacked)))
