"""About: what this is for, what it is not, and what it runs on."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from dashboard.page.context import Context
from dashboard.ui.events import QUIET
from dashboard.ui.version import versions
from dashboard.ui.widgets import heading, phrase

ORDER = 50
TITLE = "tab.about"


def build(ctx: Context) -> None:
    with gr.Row(elem_classes="bl-page bl-about", equal_height=False):
        with gr.Column(elem_classes="bl-panel bl-prose"):
            heading("about.intended")
            phrase("about.intended_text")
            heading("about.versions")
            gr.Markdown("\n".join(f"- {name} `{version}`" for name, version in versions().items()))
        with gr.Column(elem_classes="bl-panel bl-prose"):
            _card(ctx, "about.model", lambda: ctx.engine.folder)
        with gr.Column(elem_classes="bl-panel bl-prose"):
            _card(ctx, "about.data", lambda: ctx.table.about and ctx.table.about.card)


def _card(ctx: Context, title: str, folder: Callable[[], Path | None]) -> None:
    """The card a folder carries, as Markdown that Gradio cleans of scripts; read anew for each page, as a model may be
    replaced."""
    heading(title)
    if _card_in(folder()):
        card = gr.Markdown(_card_in(folder()))
        ctx.page.load(lambda: _card_in(folder()), None, card, **QUIET)
    else:
        phrase("about.none", "bl-muted")


def _card_in(folder: Path | None) -> str:
    found = sorted(folder.glob("*CARD*.md")) if folder else []
    return found[0].read_text("utf-8") if found else ""
