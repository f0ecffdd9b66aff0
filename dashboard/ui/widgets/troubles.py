"""The bar above the tabs that says what keeps verdicts from being read."""

import logging
import threading
import time

import gradio as gr

from dashboard.ui.events import QUIET
from dashboard.ui.payload import numbered
from dashboard.ui.widgets import widget
from model.errors import FeedbackError
from model.feedback import Store

log = logging.getLogger(__name__)


def troubles(page: gr.Blocks, store: Store) -> gr.HTML:
    """The bar, as things stand when the page is loaded; see `status_of`."""
    bar = widget("troubles", status_of(store))
    page.load(lambda: status_of(store), None, bar, **QUIET)
    return bar


def status_of(store: Store) -> str:
    """What the bar says."""
    found = [
        {"kind": t.kind, "file": t.file, "rows": t.numbers, "line": t.line, "hides": t.hides} for t in store.troubles
    ]
    return numbered({"troubles": found})


def watch(store: Store) -> None:
    """Look at the store now and again, and log each trouble once."""

    def look() -> None:
        known: set[str] = set()
        while True:
            try:
                said = {str(trouble) for trouble in store.read().troubles}
                for sentence in sorted(said - known):
                    log.warning("%s", sentence)
                known = said
            except FeedbackError:  # whoever asks for a verdict is told
                pass
            except Exception as error:
                log.warning("The verdicts could not be looked at (%s).", type(error).__name__)
            time.sleep(store.look_every)

    threading.Thread(target=look, daemon=True, name="verdicts").start()
