"""The page, from top to bottom."""

import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr

from dashboard.page import tabs
from dashboard.page.context import Context
from dashboard.page.header import header
from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.session import Session
from dashboard.ui.assets import css
from dashboard.ui.i18n import t, translator
from dashboard.ui.theme import theme
from dashboard.ui.widgets import phrase, widget
from dashboard.ui.widgets.troubles import troubles
from model.feedback import Store
from model.inference.engine import Engine


def build(serving: ModelRegistry, feedback: Store, functions: Callable[[], None] = lambda: None) -> gr.Blocks:
    """The page over what is served and one store of verdicts. `dashboard.server` serves it.

    The embedded demo says so at the foot of the page.

    Args:
        functions: adds those that programs call.
    """
    engine, table = serving.now.engine, serving.now.table
    with gr.Blocks(title="BetaLens", analytics_enabled=False, fill_width=True) as page:
        functions()  # first, so that the names they are called by are theirs
        top = header(page, serving)
        beta, beta_ends = _beta_bar(engine)
        bar = troubles(page, feedback)  # below what stays in place while the page is scrolled
        # Gradio numbers tabs by their place among the children of gr.Tabs: nothing else may stand inside.
        shown = gr.Tabs(elem_classes="bl-tabs", render=False)
        context = partial(
            Context,
            serving=serving,
            table=table,
            feedback=feedback,
            page=page,
            tabs=shown,
            session=gr.State(Session(beta=engine.default_beta)),
            header=top,
            troubles=bar,
            beta=beta,
            beta_ends=beta_ends,
            request=gr.State(None),
            saved=gr.State(0),
        )
        shown.render()
        with shown:
            for tab in tabs.discover():
                with gr.Tab(t(tab.TITLE), id=tabs.name(tab), elem_classes=f"bl-tab-{tabs.name(tab)}") as shown_tab:
                    tab.build(context(tab=shown_tab))
        with gr.Row(elem_classes="bl-foot"):
            phrase("page.notice", "bl-notice-line")
            if table.about:
                phrase(table.about.notice, "bl-demo-line")
    return page


# Is put into the page's head when Gradio's front end has begun; see assets/js/lib/begun.js.
BEGUN = '<meta name="betalens" content="begun">'
# What a page over patients' images must not do: keep their reports in the browser's history, report who uses it,
# or show a traceback.
PAGE = {
    "run_history": False,
    "enable_monitoring": False,
    "show_error": False,
    "max_file_size": "64mb",
    "footer_links": [],  # its settings repeat the header, and offer to record the screen
    "ssr_mode": False,
    "pwa": False,
    "mcp_server": False,
}


def look() -> dict:
    """The arguments that make the page look and speak as it does."""
    return {"theme": theme(), "css": css(), "head": BEGUN, "i18n": translator()}


def _beta_bar(engine: Engine) -> tuple[gr.Slider, gr.HTML]:
    """β stands above everything that it moves."""
    with gr.Row(elem_classes="bl-beta-bar"):
        ends = widget("beta_ends", "")
        beta = gr.Slider(
            0,
            1,
            engine.default_beta,
            step=0.01,
            label=t("beta.label"),
            container=False,
            elem_classes="bl-beta",
            min_width=300,
        )
    return beta, ends
