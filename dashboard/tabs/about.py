"""About: what this is for, what it is not, and what it runs on."""

from pathlib import Path

import gradio as gr

from dashboard.assets import ASSETS
from dashboard.context import Context
from dashboard.version import versions
from dashboard.widgets import phrase

ORDER = 50
TITLE = "tab.about"


def build(ctx: Context) -> None:
    with gr.Row(elem_classes="bl-page bl-about", equal_height=False):
        with gr.Column(elem_classes="bl-panel bl-prose"):
            phrase("about.intended", "bl-h")
            phrase("about.intended_text")
            phrase("about.versions", "bl-h")
            gr.Markdown("\n".join(f"- {name} `{version}`" for name, version in versions().items()))
        with gr.Column(elem_classes="bl-panel bl-prose"):
            card = _card("about.model", ctx.engine.folder)
        with gr.Column(elem_classes="bl-panel bl-prose"):
            _card("about.data", ASSETS / "demo" if ctx.table.is_demo else None)
    if card:
        ctx.at_each_load(card, lambda: _card_in(ctx.engine.folder))


def _card(title: str, folder: Path | None) -> gr.Markdown | None:
    """The card a folder carries, as Markdown that Gradio cleans of scripts."""
    phrase(title, "bl-h")
    if text := _card_in(folder):
        return gr.Markdown(text)
    phrase("about.none", "bl-muted")
    return None


def _card_in(folder: Path | None) -> str:
    found = sorted(folder.glob("*CARD*.md")) if folder else []
    return found[0].read_text("utf-8") if found else ""
