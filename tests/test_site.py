"""docs/ becomes a site whose links lead somewhere, and which fetches nothing from elsewhere."""

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = [Path(sys.executable).with_name("mkdocs"), "build", "--config-file"]
FETCHED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "srcset", "video": "src"}
# What the site is made of; the assets it shows are a picture and three cards.
SOURCES = (
    "docs", "deploy", "assets/screenshot.png", "assets/demo/DATA_CARD.md", "assets/checkpoint/MODEL_CARD.md",
    "assets/view/CARD.md",
)  # fmt: skip


def built(root: Path, out: Path) -> subprocess.CompletedProcess:
    command = [*BUILD, root / "docs" / "site" / "mkdocs.yml", "--site-dir", out]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = built(ROOT, out)
    assert done.returncode == 0, done.stderr
    return out


class Fetched(HTMLParser):
    """Whatever a browser fetches by itself to show a page."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if value := dict(attrs).get(FETCHED.get(tag)):
            self.found.append(value)


def test_every_page_shows_without_a_network(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        reader = Fetched()
        reader.feed(page.read_text("utf-8"))
        assert [url for url in reader.found if url.startswith(("http:", "https:", "//"))] == []
        assert 'class="mermaid"' not in page.read_text("utf-8")  # would have the theme fetch what draws it


def test_diagrams_are_drawn(site):
    text = (site / "develop" / "architecture.html").read_text("utf-8")
    assert text.count('<img class="diagram"') == (ROOT / "docs/develop/architecture.md").read_text().count("```mermaid")


def test_only_pages_and_their_assets_are_in_it(site):
    assert [p for p in site.rglob("*") if p.suffix in (".py", ".yml", ".pyc")] == []


@pytest.fixture
def copy(tmp_path) -> Path:
    for name in (*SOURCES, *(p.name for p in ROOT.glob("*.md"))):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return tmp_path


def test_links_that_lead_nowhere_end_the_build_and_are_named(copy):
    broken = {
        "docs/training.md": ["guide/nowhere-1.md", "archives.md#nowhere-2"],
        "SECURITY.md": ["docs/nowhere-3.md"],
        "deploy/README.md": ["SCALE.md#nowhere-4"],
    }
    for page, links in broken.items():
        with (copy / page).open("a", encoding="utf-8") as file:
            file.write("".join(f"\n[there]({link})\n" for link in links))
    done = built(copy, copy / "out")
    assert done.returncode != 0
    assert [n for n in range(1, 5) if f"nowhere-{n}" not in done.stderr] == []
