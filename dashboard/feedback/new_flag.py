"""A flag from what is known of it: on the command line and in Gradio's own flagging, not every field is."""

from typing import Any

from dashboard.ui.version import app_version
from model.feedback import UNDO, Flag


def new_flag(**given: Any) -> Flag:
    """The flag, made now by this version where it does not say when and by which; what else is text may be left out.

    Raises:
        FeedbackError: it lacks a verdict or β, has a field that no flag has, or a value that cannot be kept.
    """
    beta: dict[str, Any] = {"beta": 0.0} if given.get("verdict") == UNDO else {}
    return Flag.new(**{"app_version": app_version()} | beta | given)
