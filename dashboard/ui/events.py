"""How the page listens to its components: without Gradio's own progress, and without a place in its public API."""

from typing import Any

# Options of a Gradio event listener, such as `gr.Button.click`.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
# Also what happens while another is answered.
EVERY = {**QUIET, "trigger_mode": "multiple"}
# One reader's work must not make another wait.
AT_ONCE = {**EVERY, "concurrency_limit": 4}
# A newer case must not wait for an older one to be finished; what takes long waits in a line of its own.
UNLIMITED = {**AT_ONCE, "concurrency_limit": None}
