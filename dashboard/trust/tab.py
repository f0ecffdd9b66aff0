"""Trust: can the explanation on the stage be believed, and which method can?"""

import json

import gradio as gr

from dashboard.context import Context
from dashboard.trusting import MODALITIES, of_methods
from dashboard.widgets import widget
from dashboard.widgets.plotly import serve_plotly
from explain import methods

ORDER = 25
TITLE = "tab.trust"


def build(ctx: Context) -> None:
    titles = {m: {name: method.title for name, method in methods(m).items()} for m in MODALITIES}

    def shown() -> str:
        measured = of_methods(ctx.engine)
        return json.dumps({"plotly": serve_plotly(), "titles": titles, "measured": measured})

    with gr.Column(elem_classes="bl-page"):
        methods_tested = widget("trust", shown())
    # Anew for each page, as a model may be replaced.
    ctx.page.load(shown, None, methods_tested, show_progress="hidden", api_visibility="private")
