"""The page's own scripts, from this server and from nowhere else: the widgets with their phrases, and Plotly's."""

import hashlib
import json
from functools import cache
from pathlib import Path

import plotly
from fastapi import APIRouter, Response
from starlette.responses import FileResponse

from dashboard.ui.assets import library_js, widgets_js
from dashboard.ui.i18n import phrases
from dashboard.web.gradio import locale_module

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
# Gradio's `element` is the box around a widget's template; scripts draw inside it.
PRELUDE = "element = element.querySelector('.bl-widget') || element;"
GIVEN = "element, trigger, props, server, upload, watch"  # by Gradio to what a widget runs


@cache
def page_js() -> str:
    """What all widgets share, and what each runs when it appears, as a function of its name."""
    setup = {"phrases": phrases(), "localeModule": locale_module()}
    widgets = "\n".join(
        f"BetaLens.widgets.{name} = function ({GIVEN}) {{ {PRELUDE}\n{js}\n}};" for name, js in widgets_js().items()
    )
    return f"window.BetaLens = {json.dumps(setup, ensure_ascii=False)};\n{library_js()}\n{widgets}\n"


@cache
def page_url() -> str:
    """Where the page finds it; another version has another address."""
    return f"betalens/page.js?v={hashlib.sha256(page_js().encode()).hexdigest()[:16]}"


def scripts() -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/betalens", include_in_schema=False)

    @api.get("/page.js")
    def page() -> Response:
        return Response(page_js(), media_type="text/javascript")

    @api.get("/plotly.js")
    def plotly_js() -> FileResponse:
        return FileResponse(PLOTLY, media_type="text/javascript")

    return api
