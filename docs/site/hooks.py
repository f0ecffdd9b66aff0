"""What MkDocs is taught for this site: pages that lie outside docs/, and diagrams drawn while it is built.

Links in the Markdown lead from file to file of the repository, so that they work where it is read as files; here they
are turned towards the pages of the site.
"""

import posixpath
import re
from pathlib import Path
from urllib.parse import quote

import mmdr
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
# Files outside docs/ that are part of the site: path in the repository to path in the site.
OUTSIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "develop/contributing.md",
    "SECURITY.md": "operations/security.md",
    "assets/checkpoint/MODEL_CARD.md": "demo-model.md",
    "assets/demo/DATA_CARD.md": "data/demo.md",
    "assets/screenshot.png": "screenshot.png",
    "assets/view/CARD.md": "data/view.md",
    "deploy/LICENSES.md": "operations/licences.md",
    "deploy/README.md": "operations/deploy.md",
    "deploy/SCALE.md": "operations/scale.md",
}
INSIDE = {site: repository for repository, site in OUTSIDE.items()}
# Code, which stays as it is; or a link to a file, with its anchor
LINK = re.compile(r"(```.*?```|`[^`]+`)|\]\(([^)\s:#]+)(#[^)\s]*)?\)", re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Diagrams are drawn here instead of in the browser, which would fetch the library that draws them."""
    fence = {"name": "mermaid", "class": "diagram", "format": drawn}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files from outside docs/ join those inside."""
    for repository, site in OUTSIDE.items():
        files.append(File.generated(config, site, abs_src_path=str(ROOT / repository)))
    return files


def on_page_markdown(markdown: str, page: Page, **_) -> str:
    """A page's links, between pages of the site."""
    here = page.file.src_uri
    folder = posixpath.dirname(INSIDE.get(here, f"docs/{here}"))

    def turned(found: re.Match) -> str:
        code, path, anchor = found.groups()
        if code:
            return code
        target = posixpath.normpath(posixpath.join(folder, path))
        site = OUTSIDE.get(target, target.removeprefix("docs/"))
        if not (ROOT / target).is_file():  # MkDocs says which link is broken, and where
            site = target
        return f"]({posixpath.relpath(site, posixpath.dirname(here))}{anchor or ''})"

    return LINK.sub(turned, markdown)


def drawn(source: str, *_, **__) -> str:
    """A Mermaid diagram as a picture of its own: within the page, two would share their names and styles."""
    picture = mmdr.render(source).svg()
    width = re.search(r'viewBox="\S+ \S+ (\S+) ', picture)[1]
    return f'<img class="diagram" alt="Diagram" width="{width}" src="data:image/svg+xml,{quote(picture)}">'
