"""β lab: how well the model decides at every β, on studies that chose nothing in its training."""

import json

import gradio as gr

from dashboard.context import Context
from dashboard.widgets import widget
from dashboard.widgets.plotly import serve_plotly
from model.errors import BetaLensError

ORDER = 20
TITLE = "tab.beta_lab"


def build(ctx: Context) -> None:
    with gr.Column(elem_classes="bl-page"):
        lab = widget("beta_lab", json.dumps({"plotly": serve_plotly()}))

    def measure() -> str:
        try:
            measured = ctx.views.evaluation()
        except BetaLensError as error:
            return json.dumps({"plotly": serve_plotly(), "error": str(error)})
        return json.dumps({"plotly": serve_plotly(), **measured.to_json()}, ensure_ascii=False)

    ctx.tab.select(measure, None, lab, show_progress="hidden", api_visibility="private")
