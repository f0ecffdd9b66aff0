"""What the server tells the page beside the values of its widgets: those are large, and every change of one is drawn
anew."""

import gradio as gr

from dashboard.ui.widgets import widget


def relay(event: str) -> gr.HTML:
    """A box that is not seen; each value that it is given is told in the page as that event (assets/js/lib/types.d.ts).

    One for each event: of two values in one frame the second alone is seen.
    """
    box = widget("relay", event=event)
    box.elem_id = f"bl-relay-{event}"
    return box
