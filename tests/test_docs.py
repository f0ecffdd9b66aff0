"""What README and docs name is there: files, commands, their options, benchmarks."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer

from dashboard.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
AMERICAN = re.compile(
    r"\b(?:(?:colo|neighbo|behavio|favo|labo)r|gray|center|fiber|catalog|artifact|judgment|"
    r"(?:analy|paraly)z|(?:normal|local|recogn|initial|optim|serial|summar|organ|regular|general|random)iz)[a-z]*\b",
    re.IGNORECASE,
)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    text = CODE.sub("", page.read_text("utf-8"))
    links = [urlsplit(link) for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert [link.path for link in links if not link.scheme and not (page.parent / link.path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_is_one(page):
    code = " ".join(CODE.findall(page.read_text("utf-8"))).replace("\\\n", " ")
    for words in re.findall(r"(?<!-n )\bbetalens ((?:[a-z][a-z-]* )+[^`\n|;#]*)", code):
        command, named = typer.main.get_command(app), words.split()
        while named and hasattr(command, "commands") and re.match("[a-z]", named[0]):
            assert named[0] in command.commands, f"there is no such command: betalens {words}"
            command = command.commands[named.pop(0)]
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        assert {w.split("=")[0] for w in named if re.match("--[a-z]", w)} <= options, words


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_benchmark_is_there(page):
    for script in re.findall(r"benchmarks/\w+\.py", page.read_text("utf-8")):
        assert (ROOT / script).is_file()


def test_the_readme_is_read_in_one_sitting():
    assert len((ROOT / "README.md").read_bytes()) <= 8_000


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "LICENSES.md"], ids=name)
def test_the_spelling_is_british(page):
    """Code, and the names of packages in the page of licences, keep theirs."""
    prose = re.sub(
        r"\]\([^)]*\)|^---$.*?^---$", "", CODE.sub("", page.read_text("utf-8")), flags=re.DOTALL | re.MULTILINE
    )
    assert AMERICAN.findall(prose) == []
