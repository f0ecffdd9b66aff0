"""What is touched of Gradio that it does not promise to keep is still as it was, and the page's scripts are its own."""

import posixpath
import re

import pytest
from abuse.conftest import number_of, page_of
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from gradio.processing_utils import _check_allowed

from dashboard.guard.quiet import FAILED
from dashboard.ui.assets import modules
from dashboard.web.gradio import as_file, locale_module, upload_name
from dashboard.web.scripts import address, served

SCRIPT = re.compile(r"<script([^>]*)>")
IMPORT = re.compile(r'(?:^import (?:.* from )?|^\} from |\bimport\()"(\.[^"]+\.js)"', re.MULTILINE)


def test_gradio_s_own_check_of_paths_is_on(open_app, tmp_path):
    (tmp_path / "x.png").touch()
    blocks = LocalContext.blocks.set(page_of(open_app))
    try:
        _check_allowed(as_file("film-1")["path"], True)
        with pytest.raises(InvalidPathError):
            _check_allowed(tmp_path / "x.png", True)
    finally:
        LocalContext.blocks.reset(blocks)


def test_a_film_s_name_comes_through():
    assert upload_name(as_file("film-1")) == "film-1"
    assert upload_name(None) == ""


def test_the_front_end_has_a_module_that_changes_the_language(anyone):
    address = locale_module()
    assert address
    assert "as changeLocale" in anyone.get(address.removeprefix(".")).text


def policy(answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


def test_every_script_of_the_page_is_a_file_or_carries_the_nonce(anyone, as_reader):
    seen = set()
    for client, path in ((anyone, "/"), (anyone, "/"), (as_reader("vera"), "/"), (as_reader(""), "/")):
        answer = client.get(path, headers={"Accept": "text/html"})
        own, nonce = policy(answer)["script-src"]
        assert own == "'self'"
        scripts = SCRIPT.findall(answer.text)
        assert scripts
        assert all(f'nonce="{nonce[7:-1]}"' in script for script in scripts)
        seen.add(nonce)
    assert len(seen) == 4


def test_ours_comes_before_gradio_s(anyone):
    scripts = [script for script in SCRIPT.findall(anyone.get("/").text) if 'type="module"' in script]
    ours, *theirs = scripts
    assert "betalens/js/" in ours
    assert theirs
    assert not [script for script in theirs if "betalens/" in script]
    assert anyone.get("/betalens/plotly.js").headers["content-type"].startswith("text/javascript")


def test_every_module_of_the_page_is_there_and_kept_by_browsers_until_it_changes(anyone):
    page = anyone.get("/").text
    (entry,) = re.findall(r'src="\./(betalens/js/[0-9a-f]{16}/page\.js)"', page)
    ahead = re.findall(r'<link rel="modulepreload" href="\./([^"]*)">', page)
    seen, asked = set(), [f"/{entry}"]
    while asked:
        path = asked.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = anyone.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        asked += [posixpath.normpath(f"{posixpath.dirname(path)}/{other}") for other in IMPORT.findall(answer.text)]
    assert len(seen) == len(served())
    room = {path: path.split("/")[4] for path in seen}
    first = {path for path in seen if room[path] in ("lib", "page", "page.js", "review")}
    assert {f"/{path}" for path in ahead} == first
    assert {"atlas", "beta_lab", "feedback", "trust"} <= set(room.values())  # which come later


@pytest.mark.parametrize(
    "asked",
    [
        "{other}/page.js",
        "{digest}/",
        "{digest}/no_such.js",
        "{digest}/../css/00-tokens.css",
        "{digest}/..%2f..%2fi18n%2fen.json",
        "{digest}/%2e%2e/i18n/en.json",
        "{digest}//etc/passwd",
        "{digest}/review",
    ],
)
def test_nothing_but_a_module_of_this_version_is_served_as_one(anyone, asked):
    folder, _, digest = address().rpartition("/")
    answer = anyone.get(f"/{folder}/{asked.format(digest=digest, other=digest[::-1])}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_a_text_on_the_page_carries_no_nonce(open_app, anyone):
    page = page_of(open_app)
    title, page.config["title"] = page.config["title"], "</script><script>alert(1)</script>"
    try:
        answer = anyone.get("/")
    finally:
        page.config["title"] = title
    (nonce,) = (value[7:-1] for value in policy(answer)["script-src"] if value.startswith("'nonce"))
    assert "alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert f'nonce="{nonce}">alert' not in answer.text


def test_no_policy_lets_a_text_be_a_script(anyone):
    for path in ("/", "/config", "/no such page", "/healthz", f"/{address()}/page.js"):
        policies = policy(anyone.get(path))
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:"} & {*policies["script-src"]}
        assert policies["default-src"] == ["'self'"]


def test_every_message_of_a_stream_begins_with_its_kind_and_its_event(open_app, anyone):
    (head,) = re.findall(r"^const HEAD = /(.*)/;$", modules()["page/stream.js"], re.MULTILINE)
    asked = {"data": [None], "fn_index": number_of(open_app, "examine"), "session_hash": "heads"}
    event = anyone.post("/gradio_api/queue/join", json=asked | {"event_data": {"ticket": 0}}).json()["event_id"]
    with anyone.stream("GET", "/gradio_api/queue/data", params={"session_hash": "heads"}) as stream:
        messages = "".join(stream.iter_text()).split("\n\n")[:-1]
    heads = [re.match(head, message).groups() for message in messages]
    assert heads[-2:] == [("process_completed", event), ("close_stream", None)]
    assert {of for _, of in heads} <= {event, None}


def test_a_function_that_fails_says_where_and_not_what(open_app, anyone, caplog, capfd):
    secret = "canary-4c1f0e"
    number = number_of(open_app, "examine")
    asked = {"data": [None], "fn_index": number, "session_hash": "fails", "event_data": {"ticket": secret}}
    assert anyone.post("/gradio_api/queue/join", json=asked).status_code == 200
    with anyone.stream("GET", "/gradio_api/queue/data", params={"session_hash": "fails"}) as stream:
        answered = "".join(stream.iter_text())
    assert FAILED in answered
    assert "in examine" in caplog.text
    assert secret not in caplog.text + answered + "".join(capfd.readouterr())
