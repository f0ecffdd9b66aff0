"""What Gradio has no component for. A widget is a `gr.HTML` with a fixed, empty template: its script
(assets/js/NAME.js) builds the page from the value with textContent alone, so nothing in a value is ever read as markup
or code.
"""

import json

import gradio as gr

from dashboard.assets import widget_js

TEMPLATE = '<div class="bl-widget"></div>'
# Gradio's `element` is the box around the template; scripts draw inside it.
PRELUDE = "element = element.querySelector('.bl-widget') || element;\n"


def widget(name: str, value: str | None = None, **options) -> gr.HTML:
    """The widget whose script is assets/js/`name`.js.

    Args:
        value: what the script starts with; a string, JSON where it is more than one thing.
        options: of `gr.HTML`.
    """
    return gr.HTML(
        value,
        html_template=TEMPLATE,
        js_on_load=PRELUDE + widget_js(name),
        apply_default_css=False,
        elem_classes=[f"bl-w-{name.replace('_', '-')}"],
        elem_id=None if name == "phrase" else f"bl-{name.replace('_', '-')}",
        **options,
    )


def phrase(key: str, *classes: str) -> gr.HTML:
    """One line of assets/i18n that changes language with the page."""
    # As JSON, because Gradio replaces a value that is itself one of its phrases.
    line = widget("phrase", json.dumps({"key": key}))
    line.elem_classes = [*line.elem_classes, *classes]
    return line
