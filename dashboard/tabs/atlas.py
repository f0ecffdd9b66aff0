"""Atlas: the reference studies by their fused embeddings, morphing with β, and the open case among them."""

import json

import gradio as gr

from dashboard.context import Context, request
from dashboard.payload import lay_out
from dashboard.session import Session
from dashboard.widgets import widget
from dashboard.widgets.plotly import serve_plotly
from explain.atlas import SLICES
from model.errors import BetaLensError

ORDER = 30
TITLE = "tab.atlas"
FEWEST = 20  # below this a map of neighbours says nothing

QUIET = {"show_progress": "hidden", "api_visibility": "private"}


def build(ctx: Context) -> None:
    with gr.Column(elem_classes="bl-page"):
        atlas = widget("atlas", json.dumps({"plotly": serve_plotly()}))
        case = widget("atlas_case")

    def show_case(session: Session) -> str:
        """The open case on the map; its geometry was sent already."""
        if session.opened is None or session.veiled or len(ctx.table.studies) < FEWEST:
            return ""
        views = ctx.serving.current(session).views
        return json.dumps({"case": session.opened.case_id, "path": views.path_of(session.opened.encoded)})

    def open_point(event: gr.SelectData):
        return request(event.value), gr.Tabs(selected="review")

    drawn = ctx.tab.select(lambda: _geometry(ctx), None, atlas, **QUIET)
    drawn.then(show_case, ctx.session, case, **QUIET)
    atlas.select(open_point, None, [ctx.request, ctx.tabs], **QUIET)


def _geometry(ctx: Context) -> str:
    if len(ctx.table.studies) < FEWEST:
        return json.dumps({"plotly": serve_plotly(), "error": ""})
    try:
        atlas = ctx.views.atlas()
    except BetaLensError as error:
        return json.dumps({"plotly": serve_plotly(), "error": str(error)})
    layout, block = lay_out({"xy": atlas.xy})
    labels = [sorted(ctx.table.by_id(study_id).labels) for study_id in atlas.study_ids]
    value = {"ids": atlas.study_ids, "labels": labels, "findings": ctx.engine.findings, "slices": SLICES}
    return json.dumps({"plotly": serve_plotly(), **value, "arrays": layout, "block": block}, ensure_ascii=False)
