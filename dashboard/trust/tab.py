"""Trust: can the explanation on the stage be believed, and which method can?"""

import gradio as gr

from dashboard.page.context import Context
from dashboard.review.explanation_tests import of_methods
from dashboard.ui.events import QUIET
from dashboard.ui.payload import as_json
from dashboard.ui.widgets import widget
from explain.methods.registry import methods_of
from model.inference.encoding import MODALITIES

ORDER = 25
TITLE = "tab.trust"


def build(ctx: Context) -> None:
    titles = {m: {name: method.title for name, method in methods_of(m).items()} for m in MODALITIES}

    def shown() -> str:
        return as_json({"titles": titles, "measured": of_methods(ctx.engine)})

    with gr.Column(elem_classes="bl-page"):
        methods_tested = widget("trust", shown())
    # Anew for each page, as a model may be replaced.
    ctx.page.load(shown, None, methods_tested, **QUIET)
