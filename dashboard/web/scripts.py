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
# What stands at an address with a digest never changes.
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}


@cache
def page_js() -> str:
    """The module that starts the page: it has the phrases, and every widget by its name."""
    imports = [f'import {{ mount as {name} }} from "./{path}";' for name, path in sorted(widgets().items())]
    setup = json.dumps({"phrases": phrases(), "localeModule": locale_module()}, ensure_ascii=False)
    begin = f"begin({{ ...{setup}, widgets: {{ {', '.join(sorted(widgets()))} }} }});"
    return "\n".join([*imports, 'import { begin } from "./page/begin.js";', begin, ""])


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
    """What puts the modules into the page: the one that starts it, and all others at once, lest each is found only when
    what imports it has come. The nonce is not needed: they are files of this server."""
    ahead = "".join(f'<link rel="modulepreload" href="./{address()}/{path}">\n' for path in sorted(served()))
    return f'{ahead}<script type="module" src="./{address()}/{ENTRY}"></script>\n'


def scripts() -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/betalens", include_in_schema=False)

    @api.get("/js/{digest}/{path:path}")
    def module(digest: str, path: str) -> Response:
        text = served().get(path) if address().endswith(f"/{digest}") else None
        if text is None:
            return problem(404, "There is nothing here.")
        return Response(text, media_type="text/javascript", headers=KEPT)

    @api.get("/plotly.js")
    def plotly_js() -> FileResponse:
        return FileResponse(PLOTLY, media_type="text/javascript")

    return api
