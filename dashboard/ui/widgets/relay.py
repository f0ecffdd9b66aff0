"""What the server tells the page beside the values of its widgets: those are large, and every change of one is drawn
anew."""

import time
from typing import Any

import gradio as gr

from dashboard.ui.payload import as_json
from dashboard.ui.widgets import widget


def relay(event: str) -> gr.HTML:
    """A box that is not seen; each value that it is given is told in the page as that event (assets/js/lib/types.d.ts).

    One for each event: of two values in one frame the second alone is seen.
    """
    box = widget("relay", event=event)
    box.elem_id = f"bl-relay-{event}"
    return box


class Relay:
    """Hands answers of one kind to whatever in the page asked for them."""

    def __init__(self, event: str):
        self.box = relay(event)

    def answer(self, values: dict[str, Any]) -> str:
        """The value of the box. Numbered, so that the same answer twice is news twice."""
        return as_json({"number": time.monotonic_ns(), **values})
