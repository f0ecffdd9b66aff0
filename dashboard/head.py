"""What stands in the page's head: the phrases and the library of the widgets, inline, so that no request leaves it."""

import json
from pathlib import Path

import gradio

from dashboard.assets import library_js
from dashboard.i18n import phrases


def head() -> str:
    """One script. `</` is broken up, as text inside a script must not seem to end it."""
    setup = {"phrases": phrases(), "localeModule": locale_module()}
    literal = json.dumps(setup, ensure_ascii=False).replace("</", "<\\/")
    return f"<script>window.BetaLens = {literal};\n{library_js()}</script>"


def locale_module() -> str | None:
    """The address of the module of Gradio's front end that exports `changeLocale`, or None where there is none.

    Gradio offers the switch in its Settings alone; without this the page follows the browser and Settings only.
    """
    folder = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    found = [p.name for p in folder.glob("core-*.js") if "as changeLocale" in p.read_text("utf-8")]
    return f"./assets/{found[0]}" if found else None
