"""A flag from what is known of it: on the command line and in Gradio's own flagging, not every field is."""

from typing import Any

from dashboard.ui.version import app_version
from model.errors import FeedbackError
from model.feedback import UNDO, Flag, new_flag_id, utc_now
from model.feedback.record import TEXT


def new_flag(**given: Any) -> Flag:
    """The flag, made now by this version where it does not say when and by which; what else is text may be left out.

    Raises:
        FeedbackError: it lacks a verdict or β, has a field that no flag has, or a value that cannot be kept.
    """
    filled = dict.fromkeys(TEXT, "") | {"wrong_evidence": "neither", "probabilities": {}}
    filled |= {"flag_id": new_flag_id(), "time_utc": utc_now(), "app_version": app_version()}
    if given.get("verdict") == UNDO:
        filled["beta"] = 0.0
    try:
        return Flag(**(filled | given))
    except TypeError:
        raise FeedbackError(
            "The flag was not saved: it needs a verdict and a beta, and no field but those that "
            "`betalens feedback list --json` prints."
        ) from None
