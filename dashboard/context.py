"""What the tabs are built from, and the few components they share."""

from dataclasses import dataclass

import gradio as gr

from dashboard.reviewing import Reviewer
from dashboard.views import ReferenceViews
from model.data import StudyTable
from model.engine import Engine
from model.feedback import FeedbackStore


@dataclass(frozen=True)
class Context:
    """Handed to every tab's `build`."""

    engine: Engine
    table: StudyTable
    feedback: FeedbackStore
    reviewer: Reviewer
    views: ReferenceViews
    page: gr.Blocks
    tabs: gr.Tabs
    tab: gr.Tab | None  # the one being built
    session: gr.State  # a Session: what this reader has open
    beta: gr.Slider
    beta_ends: gr.HTML
    request: gr.State  # set it to (study_id, a number never used before) to open that study in Review
    saved: gr.State  # counts the verdicts saved from this page
