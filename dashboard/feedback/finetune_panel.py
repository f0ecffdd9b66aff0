"""Fine-tuning from the page: a button in the Feedback tab, how far it is, and the figures before and after."""

from typing import Any

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role, who
from dashboard.feedback.finetuning import Finetuning
from dashboard.page.context import Context
from dashboard.serving.background_job import BackgroundJob
from dashboard.ui.events import EVERY, QUIET
from dashboard.ui.i18n import t
from dashboard.ui.payload import as_json
from dashboard.ui.widgets import heading, phrase, widget
from dashboard.workflows.finetune import FinetuneResult, corrections_taught
from model.errors import AccessError, BetaLensError
from model.studies.finding_names import named_for


def finetune_panel(ctx: Context) -> None:
    """The panel; it says so where the page serves no folder of versions."""
    versions = ctx.serving.versions
    with gr.Column(elem_classes="bl-panel bl-finetune"):
        heading("finetune.title")
        phrase("finetune.hint" if versions else "finetune.no_models", "bl-muted")
        if not versions:
            return
        lesson = widget("lesson")
        button = gr.Button(t("finetune.start"), elem_classes="bl-finetune-start", size="sm", interactive=False)
        result = widget("finetune")
    finetuning = Finetuning(ctx.serving, versions, ctx.table, ctx.feedback)

    def prepare():
        """What the verdicts so far would teach, and the button, which is off where that is nothing."""
        engine = ctx.serving.now.engine
        try:
            table = named_for(ctx.table, engine.config)
            corrected, taught = corrections_taught(engine, table, ctx.feedback.rows())
        except BetaLensError as error:
            return as_json({"error": str(error)}), gr.Button(interactive=False)
        decided = sum(bool(correction.labels) for correction in taught.values())
        told = {"corrected": len(corrected), "taught": decided}
        return as_json(told), gr.Button(interactive=decided > 0 and not finetuning.under_way)

    def followed(job: BackgroundJob[FinetuneResult]):
        """How far it is, and once it has ended what the verdicts would teach now."""
        for message in job.messages(FinetuneResult.to_json):
            yield as_json(message), gr.skip(), gr.skip()
        yield gr.skip(), *prepare()

    def run():
        try:
            job = finetuning.begin(audit.require(Role.ADMINISTRATOR, "finetune"))
        except BetaLensError as error:
            yield as_json({"error": str(error)}), *prepare()
        else:
            yield from followed(job)

    def come_back():
        """Whoever may begin one is shown the one that is under way."""
        job = finetuning.under_way
        if job and who().role >= Role.ADMINISTRATOR:
            yield from followed(job)
        else:
            yield gr.skip(), gr.skip(), gr.skip()

    def cancel():
        try:
            by = audit.require(Role.ADMINISTRATOR, "cancel_finetune")
        except AccessError as error:
            return as_json({"error": str(error)})
        if job := finetuning.under_way:
            job.cancel()
            audit.note("finetune_cancelled", by)
        return gr.skip()

    def shut():
        return gr.Button(interactive=False)

    ready, told = (prepare, None, [lesson, button]), [result, lesson, button]
    # In chains, so that no answer overtakes another. Who waits here keeps nobody else waiting.
    waits: dict[str, Any] = QUIET | {"concurrency_limit": None}
    button.click(shut, None, button, **QUIET).then(run, None, told, **waits)
    ctx.tab.select(*ready, **QUIET).then(come_back, None, told, **waits)
    ctx.saved.change(*ready, **QUIET)
    result.cancel(cancel, None, result, **EVERY)
