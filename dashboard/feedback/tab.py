"""Feedback: the verdicts so far, how reviewers agree, what to look at next, and the files that others read."""

import json
import time
from typing import Any

import gradio as gr

from dashboard import audit
from dashboard.access import Role, require
from dashboard.context import Context, request
from dashboard.feedback_log import FeedbackLog, Filters
from dashboard.finetune_panel import finetune_panel
from dashboard.queue import to_judge
from dashboard.session import Session
from dashboard.shelf import queue
from dashboard.widgets import widget
from dashboard.widgets.plotly import serve_plotly
from model.corrections import corrections, fine_tuning_set
from model.errors import AccessError, BetaLensError, FeedbackError
from model.feedback import as_csv

ORDER = 40
TITLE = "tab.feedback"

QUIET = {"show_progress": "hidden", "api_visibility": "private"}


def build(ctx: Context) -> None:
    with gr.Column(elem_classes="bl-page"):
        record = widget("record")
        with gr.Row(elem_classes="bl-feedback"):
            with gr.Column(elem_classes="bl-feedback-main"):
                table = widget("verdicts", _json({"rows": [], "total": 0}))
                agreement = widget("agreement", _json({"plotly": serve_plotly()}))
            worth = widget("queue")
        file = widget("download")
        finetune_panel(ctx)
        filters = gr.State(Filters())

    def log() -> FeedbackLog:
        return FeedbackLog(ctx.engine, ctx.table, ctx.feedback, ctx.serving.versions)

    def shown(now: Filters):
        found = log().shown(now)
        return _json(found), _json({"plotly": serve_plotly(), **found.get("agreement", {})})

    def filtered(event: gr.EventData):
        now = Filters.read(event._data)
        return now, *shown(now)

    def queued(session: Session):
        try:
            return queue(ctx.table, to_judge(ctx, session.reviewer))
        except BetaLensError as error:
            return _json({"error": str(error)})

    def open_row(session: Session, event: gr.SelectData):
        try:
            found = log().record(str(event.value))
        except BetaLensError as error:
            return _json({"error": str(error)})
        flag, _ = log().flag(found["id"])
        session.seen.add((flag.image_sha256, flag.report))  # it says what the model answered
        return _json(found)

    def open_as_reviewed(event: gr.EventData):
        flag, _ = log().flag(str(event._data.get("id")))
        study, _ = log().study_of(flag)
        return request(study.study_id if study else "", beta=flag.beta, recorded=flag), gr.Tabs(selected="review")

    def open_queued(event: gr.SelectData):
        return request(str(event.value)), gr.Tabs(selected="review")

    def download(event: gr.EventData) -> str:
        try:
            require(Role.ADMINISTRATOR)
            rows = ctx.feedback.rows()
        except (AccessError, FeedbackError) as error:
            return _json({"error": str(error)})
        what = "fine-tuning" if event._data.get("what") == "finetune" else "feedback"
        audit.record("export", what=what, rows=len(rows))
        if what == "feedback":
            return _json({"name": "flags.csv", "text": as_csv(rows).decode()})
        found = corrections(rows, ctx.engine.findings, ctx.engine.config.problem_type)
        return _json({"name": "fine-tuning.csv", "text": fine_tuning_set(ctx.table, found), "rows": len(found)})

    for event in (ctx.tab.select, ctx.saved.change):
        event(shown, filters, [table, agreement], **QUIET)
    ctx.tab.select(queued, ctx.session, worth, **QUIET)
    table.filter(filtered, None, [filters, table, agreement], **QUIET | {"trigger_mode": "multiple"})
    table.select(open_row, ctx.session, record, **QUIET)
    table.download(download, None, file, **QUIET)
    record.open(open_as_reviewed, None, [ctx.request, ctx.tabs], **QUIET)
    worth.select(open_queued, None, [ctx.request, ctx.tabs], **QUIET)


def _json(value: dict[str, Any]) -> str:
    # Numbered, so that the same answer twice is news twice.
    return json.dumps(value | {"number": time.monotonic_ns()}, ensure_ascii=False, allow_nan=False)
