"""Trust: can the explanation on the stage be believed, and which method can?"""

import gradio as gr

from dashboard.page.context import Context
from dashboard.review.explanation_tests import of_methods
from dashboard.serving.model_registry import claim
from dashboard.serving.session import Session
from dashboard.trust.service import films_of_tests
from dashboard.ui.events import AT_ONCE, QUIET
from dashboard.ui.payload import as_json, numbered
from dashboard.ui.widgets import widget
from dashboard.ui.widgets.relay import relay
from explain.methods.registry import methods_of
from explain.trust.pass_marks import LEAST_OVER_CASES, MOST
from model.inference.encoding import MODALITIES

ORDER = 25
TITLE = "tab.trust"


def build(ctx: Context) -> None:
    titles = {m: {name: method.title for name, method in methods_of(m).items()} for m in MODALITIES}

    def shown() -> str:
        marks = {"least": LEAST_OVER_CASES, "most": MOST}
        return as_json({"titles": titles, "measured": of_methods(ctx.engine), **marks})

    def tested_films(session: Session):
        """That the case is shown was written down as it was opened."""
        claim(session)
        found = films_of_tests(session)
        return numbered(found) if found else gr.skip()

    with gr.Column(elem_classes="bl-page"):
        methods_tested = widget("trust", shown())
        films_relay = relay("test-films")
    methods_tested.films(tested_films, ctx.session, films_relay, **AT_ONCE)
    # Anew for each page, as a model may be replaced.
    ctx.page.load(shown, None, methods_tested, **QUIET)
