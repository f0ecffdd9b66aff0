"""What Gradio has no component for. A widget is a `gr.HTML` with a fixed, empty template: its module
(assets/js/FEATURE/NAME.js) exports `mount`, which builds the page from the value with textContent alone, so nothing in
a value is ever read as markup or code.
"""

import json
import re
from typing import Any

import gradio as gr

from dashboard.ui.assets import modules, widgets

TEMPLATE = '<div class="bl-widget"></div>'


def widget(name: str, value: str | None = None, **options) -> gr.HTML:
    """The widget whose module is assets/js/…/`name`.js.

    Args:
        value: what the module starts with; a string, JSON where it is more than one thing.
        options: of `gr.HTML`.

    Raises:
        KeyError: there is no such module, or it exports no `mount`.
    """
    if name not in widgets():
        raise KeyError(f"assets/js has no {name}.js that exports mount")
    return gr.HTML(
        value,
        html_template=TEMPLATE,
        js_on_load=_named(name),
        apply_default_css=False,
        elem_classes=[f"bl-w-{name.replace('_', '-')}"],
        elem_id=None if name == "phrase" else f"bl-{name.replace('_', '-')}",
        **options,
    )


def phrase(key: str, *classes: str) -> gr.HTML:
    """One line of assets/i18n that changes language with the page."""
    return _line({"key": key}, *classes)


def heading(key: str) -> gr.HTML:
    """The same as the heading of a panel."""
    return _line({"key": key, "heading": True}, "bl-h")


def _line(value: dict[str, Any], *classes: str) -> gr.HTML:
    # As JSON, because Gradio replaces a value that is itself one of its phrases.
    line = widget("phrase", json.dumps(value))
    line.elem_classes = [*line.elem_classes, *classes]
    return line


def _named(name: str) -> str:
    """The name by which the page finds `mount` (assets/js/page/functions.js), and the events that it triggers: Gradio
    looks whether they are there."""
    events = sorted(set(re.findall(r'\btrigger\("(\w+)"', modules()[widgets()[name]])))
    return " ".join([f"betalens:{name}", *(f'"{event}"' for event in events)])
