"""Answers of the server to what a widget asked, which do not go through the widget's own value: that one is large, and
every change of it is drawn anew."""

import time
from typing import Any

import gradio as gr

from dashboard.ui.payload import as_json
from dashboard.ui.widgets import widget


class Relay:
    """Hands answers of one kind to the page as the event `name`; a kind each, as of two answers in one frame the second
    alone is seen."""

    def __init__(self, name: str):
        self.name = name
        self.box: gr.HTML = widget("answer")
        self.box.elem_id = f"bl-answer-{name}"

    def answer(self, values: dict[str, Any]) -> str:
        """The value of the box. Numbered, so that the same answer twice is news twice."""
        return as_json({"to": self.name, "number": time.monotonic_ns(), **values})
