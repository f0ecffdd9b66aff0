"""How the page listens to its components: without Gradio's own progress, and without a place in its public API."""

from typing import Literal, TypedDict


class Listening(TypedDict, total=False):
    """Options of a Gradio event listener, such as `gr.Button.click`."""

    show_progress: Literal["full", "minimal", "hidden"]
    api_visibility: Literal["public", "private", "undocumented"]
    trigger_mode: Literal["once", "multiple", "always_last"]
    concurrency_limit: int | None


QUIET: Listening = {"show_progress": "hidden", "api_visibility": "private"}
# Also what happens while another is answered.
EVERY: Listening = {**QUIET, "trigger_mode": "multiple"}
# One reader's work must not make another wait.
AT_ONCE: Listening = {**EVERY, "concurrency_limit": 4}
# A newer case must not wait for an older one to be finished; what takes long waits in a line of its own.
UNLIMITED: Listening = {**AT_ONCE, "concurrency_limit": None}
