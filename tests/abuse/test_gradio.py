"""What is touched of Gradio that it does not promise to keep is still as it was, and the page's scripts are its own."""

import re

import pytest
from abuse.conftest import number_of, page_of
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from gradio.processing_utils import _check_allowed

from dashboard.guard.quiet import FAILED
from dashboard.web.gradio import as_file, locale_module, name_of

SCRIPT = re.compile(r"<script([^>]*)>")


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
    assert name_of(as_file("film-1")) == "film-1"
    assert name_of(None) == ""


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
    scripts = SCRIPT.findall(anyone.get("/").text)
    (ours,) = (i for i, script in enumerate(scripts) if "betalens/page.js" in script)
    (theirs,) = (i for i, script in enumerate(scripts) if 'type="module"' in script)
    assert ours < theirs
    address = re.search(r'src="\./(betalens/page\.js\?v=\w+)"', scripts[ours])[1]
    answer = anyone.get(f"/{address}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert anyone.get("/betalens/plotly.js").headers["content-type"].startswith("text/javascript")


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
    for path in ("/", "/config", "/no such page", "/healthz", "/betalens/page.js"):
        policies = policy(anyone.get(path))
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:"} & {*policies["script-src"]}
        assert policies["default-src"] == ["'self'"]


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
