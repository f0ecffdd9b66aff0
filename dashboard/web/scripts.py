"""The page's own scripts, from this server and from nowhere else: the modules of assets/js, and Plotly's."""

import hashlib
import json
from functools import cache
from pathlib import Path

import plotly
from fastapi import APIRouter, Response
from starlette.responses import FileResponse

from dashboard.ui.assets import modules, widgets
from dashboard.ui.i18n import phrases
from dashboard.web.gradio import locale_module
from dashboard.web.problems import problem

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
ENTRY = "page.js"  # beside the folders of assets/js
# The folders that the page opens with. The others belong to tabs that nobody may look at.
AT_ONCE = ("lib", "page", "review")
# What stands at an address with a digest never changes.
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}


@cache
def page_js() -> str:
    """The module that starts the page: it has the phrases, and every widget by its name."""
    imports = [f'import {{ mount as {name} }} from "./{path}";' for name, path in _widgets(at_once=True).items()]
    later = [f'{name}: arriving(() => import("./{path}"))' for name, path in _widgets(at_once=False).items()]
    setup = json.dumps({"phrases": phrases(), "localeModule": locale_module()}, ensure_ascii=False)
    begin = f"begin({{ ...{setup}, widgets: {{ {', '.join([*_widgets(at_once=True), *later])} }} }});"
    own = ['import { arriving } from "./page/arriving.js";', 'import { begin } from "./page/begin.js";']
    return "\n".join([*imports, *own, begin, ""])


def _opens_with(path: str) -> bool:
    return path.split("/")[0] in AT_ONCE


def _widgets(*, at_once: bool) -> dict[str, str]:
    return {name: path for name, path in sorted(widgets().items()) if _opens_with(path) is at_once}


@cache
def served() -> dict[str, str]:
    """Every module by its path below `address()`."""
    return {ENTRY: page_js(), **modules()}


@cache
def address() -> str:
    """The folder that all modules lie in, from the page. Another version has another one, as modules import one another
    by relative paths: no browser mixes two versions."""
    everything = json.dumps(served(), sort_keys=True).encode()
    return f"betalens/js/{hashlib.sha256(everything).hexdigest()[:16]}"


def page_tags() -> str:
    """What puts the modules into the page: the one that starts it, and those it opens with, lest each is found only
    when what imports it has come. The nonce is not needed: they are files of this server."""
    first = [ENTRY, *filter(_opens_with, modules())]
    ahead = "".join(f'<link rel="modulepreload" href="./{address()}/{path}">\n' for path in first)
    return f'{ahead}<script type="module" src="./{address()}/{ENTRY}"></script>\n'


def scripts() -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/betalens", include_in_schema=False)

    @api.get("/js/{digest}/{path:path}")
    async def module(digest: str, path: str) -> Response:  # at once: a thread would take longer than the answer
        text = served().get(path) if address().endswith(f"/{digest}") else None
        if text is None:
            return problem(404, "There is nothing here.")
        return Response(text, media_type="text/javascript", headers=KEPT)

    @api.get("/plotly.js")
    def plotly_js() -> FileResponse:
        return FileResponse(PLOTLY, media_type="text/javascript")

    return api
