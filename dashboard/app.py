"""The page, from top to bottom."""

import os
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr

from dashboard import tabs
from dashboard.assets import css
from dashboard.context import Context
from dashboard.head import head
from dashboard.i18n import t, translator
from dashboard.serving import Serving
from dashboard.session import Session
from dashboard.theme import theme
from dashboard.widgets import phrase, widget
from dashboard.widgets.header import header
from model.engine import Engine
from model.feedback import Store

# Seconds between two looks for files that nobody opened, and after which they go: an upload is a patient's film.
SWEEP = (600, 3600)


def build(serving: Serving, feedback: Store, functions: Callable[[], None] = lambda: None) -> gr.Blocks:
    """The page over what is served and one store of verdicts. `dashboard.server` serves it.

    The embedded demo says so at the foot of the page.

    Args:
        functions: adds those that programs call.
    """
    engine, table = serving.now.engine, serving.now.table
    with gr.Blocks(title="BetaLens", analytics_enabled=False, fill_width=True, delete_cache=SWEEP) as page:
        functions()  # first, so that the names they are called by are theirs
        top = header(page, serving)
        beta, beta_ends = _beta_bar(engine)
        # Gradio numbers tabs by their place among the children of gr.Tabs: nothing else may stand inside.
        shown = gr.Tabs(elem_classes="bl-tabs", render=False)
        ctx = Context(
            serving=serving,
            table=table,
            feedback=feedback,
            page=page,
            tabs=shown,
            tab=None,
            session=gr.State(Session(beta=engine.default_beta)),
            header=top,
            beta=beta,
            beta_ends=beta_ends,
            request=gr.State(None),
            saved=gr.State(0),
        )
        shown.render()
        with shown:
            for tab in tabs.discover():
                with gr.Tab(t(tab.TITLE), id=tabs.name(tab), elem_classes=f"bl-tab-{tabs.name(tab)}") as shown_tab:
                    tab.build(replace(ctx, tab=shown_tab))
        with gr.Row(elem_classes="bl-foot"):
            phrase("page.notice", "bl-notice-line")
            if table.is_demo:
                phrase("page.demo", "bl-demo-line")
    return page


# What a page over patients' images must not do: keep their reports in the browser's history, report who uses it,
# or show a traceback.
PAGE = {
    "run_history": False,
    "enable_monitoring": False,
    "show_error": False,
    "max_file_size": "64mb",
    "footer_links": ["settings"],
    "ssr_mode": False,
    "pwa": False,
    "mcp_server": False,
}


def look() -> dict:
    """The arguments that make the page look and speak as it does."""
    return {"theme": theme(), "css": css(), "head": head(), "i18n": translator()}


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
