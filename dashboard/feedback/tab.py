"""Feedback: the verdicts so far, how reviewers agree, what to look at next, and the files that others read."""

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role
from dashboard.feedback.finetune_panel import finetune_panel
from dashboard.feedback.log import FeedbackLog, Filters
from dashboard.page.context import Context, request
from dashboard.review.case_picker import Question, Queue
from dashboard.review.reader_cases import cases_for
from dashboard.serving.session import Session
from dashboard.ui.events import EVERY, QUIET
from dashboard.ui.payload import numbered
from dashboard.ui.widgets import widget
from dashboard.ui.widgets.troubles import status_of
from model.errors import AccessError, BetaLensError, FeedbackError
from model.feedback import as_csv
from model.feedback.corrections import corrections, fine_tuning_set

ORDER = 40
TITLE = "tab.feedback"


def build(ctx: Context) -> None:
    with gr.Column(elem_classes="bl-page"):
        record = widget("record")
        with gr.Row(elem_classes="bl-feedback"):
            with gr.Column(elem_classes="bl-feedback-main"):
                table = widget("verdicts", numbered({"rows": [], "total": 0}))
                agreement = widget("agreement", numbered({}))
            worth = widget("queue")
        file = widget("download")
        finetune_panel(ctx)
        filters, queue = gr.State(Filters()), gr.State("evaluation")

    def log() -> FeedbackLog:
        return FeedbackLog(ctx.engine, ctx.table, ctx.feedback, ctx.serving.versions)

    def shown(now: Filters):
        found = log().shown(now)
        return numbered(found), numbered(found.get("agreement", {})), status_of(ctx.feedback)

    def filtered(event: gr.EventData):
        now = Filters.read(event._data)
        return now, *shown(now)

    def queued(session: Session, queue: Queue):
        try:
            return cases_for(ctx, session, Question(queue=queue, judged="no"), "queue")
        except BetaLensError as error:
            return numbered({"error": str(error)})

    def choose(session: Session, event: gr.EventData):
        queue = Question.read(event._data).queue or "evaluation"
        return queue, queued(session, queue)

    def open_row(session: Session, event: gr.SelectData):
        try:
            found = log().record(str(event.value))
            flag, _ = log().flag(found["id"])
            audit.record_shown("feedback", [flag.study_id or flag.image_name or "report"], flag=flag.flag_id)
        except BetaLensError as error:
            return numbered({"error": str(error)})
        session.seen.add((flag.image_sha256, flag.report))  # it says what the model answered
        return numbered(found)

    def open_as_reviewed(event: gr.EventData):
        flag, _ = log().flag(str(event._data.get("id")))  # it may have been purged since it was shown
        study, _ = log().study_of(flag)
        return request(study.study_id if study else "", beta=flag.beta, recorded=flag), gr.Tabs(selected="review")

    def open_queued(event: gr.SelectData):
        return request(str(event.value)), gr.Tabs(selected="review")

    def download(event: gr.EventData) -> str:
        try:
            audit.require(Role.ADMINISTRATOR, "export")
            rows = ctx.feedback.rows()
            what = "fine-tuning" if event._data.get("what") == "finetune" else "feedback"
            audit.record("export", what=what, rows=len(rows))
        except (AccessError, FeedbackError) as error:
            return numbered({"error": str(error)})
        if what == "feedback":
            return numbered({"name": "flags.csv", "text": as_csv(rows).decode()})
        found = corrections(rows, ctx.engine.findings, ctx.engine.config.problem_type)
        return numbered({"name": "fine-tuning.csv", "text": fine_tuning_set(ctx.table, found), "rows": len(found)})

    for event in (ctx.tab.select, ctx.saved.change):
        event(shown, filters, [table, agreement, ctx.troubles], **QUIET)
    ctx.tab.select(queued, [ctx.session, queue], worth, **QUIET)
    worth.choose(choose, ctx.session, [queue, worth], **QUIET)
    table.filter(filtered, None, [filters, table, agreement, ctx.troubles], **EVERY)
    table.select(open_row, ctx.session, record, **QUIET)
    table.download(download, None, file, **QUIET)
    record.open(open_as_reviewed, None, [ctx.request, ctx.tabs], **QUIET)
    worth.select(open_queued, None, [ctx.request, ctx.tabs], **QUIET)
