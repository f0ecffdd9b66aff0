"""What the tabs are built from, and the few components they share."""

import time
from dataclasses import dataclass
from typing import NamedTuple

import gradio as gr

from dashboard.serving.model_registry import ModelRegistry
from dashboard.serving.reference_cache import ReferenceCache
from model.feedback import Flag, Store
from model.inference.engine import Engine
from model.studies.table import StudyTable


class Request(NamedTuple):
    """A study to open in Review; each is another one, so that the same study can be asked for again."""

    study_id: str  # "" for what was sent, as `recorded` has it
    number: int
    finding: str = ""  # to explain; "" the likeliest
    beta: float | None = None  # to open it at; None where the reader left it
    recorded: Flag | None = None  # to show the study as it was when this was given


def request(study_id: str, finding: str = "", beta: float | None = None, recorded: Flag | None = None) -> Request:
    """A new request."""
    return Request(study_id, time.monotonic_ns(), finding, beta, recorded)


@dataclass(frozen=True)
class Context:
    """Handed to every tab's `build`."""

    serving: ModelRegistry
    table: StudyTable
    feedback: Store
    page: gr.Blocks
    tabs: gr.Tabs
    tab: gr.Tab  # the one being built
    session: gr.State  # a Session: what this reader has open
    header: gr.HTML
    troubles: gr.HTML  # what keeps verdicts from being read
    beta: gr.Slider
    beta_ends: gr.HTML
    request: gr.State  # set it to a Request to open that study in Review
    saved: gr.State  # counts the verdicts saved from this page

    @property
    def engine(self) -> Engine:
        """The engine that is served now. Its findings stay for as long as the page is served."""
        return self.serving.now.engine

    @property
    def reference_cache(self) -> ReferenceCache:
        """That of the model that is served now."""
        return self.serving.now.reference_cache
