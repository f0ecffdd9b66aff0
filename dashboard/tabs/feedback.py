"""Feedback: the verdicts collected so far, and the file that holds them."""

import json

import gradio as gr

from dashboard.context import Context
from dashboard.i18n import t
from dashboard.widgets import widget
from model.errors import FeedbackError

ORDER = 40
TITLE = "tab.feedback"
NEWEST = 200  # rows on screen; the file holds all


def build(ctx: Context) -> None:
    with gr.Column(elem_classes="bl-page"):
        table = widget("verdicts", json.dumps({"rows": [], "counts": {}}))
        download = gr.DownloadButton(t("feedback.download"), interactive=False, elem_classes="bl-download", size="sm")

    def refresh():
        path = ctx.feedback.path
        there = path.is_file()
        return _collected(ctx), gr.DownloadButton(value=str(path) if there else None, interactive=there)

    for event in (ctx.tab.select, ctx.saved.change):
        event(refresh, None, [table, download], show_progress="hidden", api_visibility="private")


def _collected(ctx: Context) -> str:
    try:
        flags = ctx.feedback.rows()
    except FeedbackError as error:
        return json.dumps({"error": str(error), "rows": [], "counts": {}})
    counts = {verdict: sum(f.verdict == verdict for f in flags) for verdict in ("agree", "disagree", "unsure")}
    rows = [
        {
            "time": f.time_utc,
            "reviewer": f.reviewer,
            "study": f.study_id or f.image_name,
            "verdict": f.verdict,
            "corrected": list(f.corrected_labels),
            "evidence": f.wrong_evidence,
            "beta": f.beta,
            "comment": f.comment,
        }
        for f in reversed(flags[-NEWEST:])
    ]
    return json.dumps({"total": len(flags), "counts": counts, "rows": rows}, ensure_ascii=False)
