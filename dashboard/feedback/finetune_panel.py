"""Fine-tuning from the page: a button in the Feedback tab, its progress, and the figures before and after."""

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role
from dashboard.page.context import Context
from dashboard.ui.events import QUIET
from dashboard.ui.i18n import t
from dashboard.ui.payload import as_json
from dashboard.ui.widgets import heading, phrase, widget
from dashboard.workflows.finetune import corrections_taught, finetune_version
from model.errors import BetaLensError
from model.finetuning.finetune import Recipe
from model.inference.engine import Engine
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

    def prepare():
        """What the verdicts so far would teach; nothing is begun where that is nothing."""
        engine = ctx.serving.now.engine
        try:
            table = named_for(ctx.table, engine.config)
            corrected, taught = corrections_taught(engine, table, ctx.feedback.rows())
        except BetaLensError as error:
            return as_json({"error": str(error)}), gr.Button(interactive=False)
        decided = sum(bool(correction.labels) for correction in taught.values())
        return as_json({"corrected": len(corrected), "taught": decided}), gr.Button(interactive=decided > 0)

    def run(progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008 (Gradio reads it there)
        served = ctx.serving.now.engine
        try:
            audit.require(Role.ADMINISTRATOR, "finetune")
            audit.record("finetune")
            with versions.exclusive():
                folder = versions.path(versions.current() or "")
                base = served if served.folder == folder else Engine.load(folder, served.device.type)
                rows = ctx.feedback.rows()
                outcome = finetune_version(
                    versions,
                    base,
                    ctx.table,
                    rows,
                    Recipe(),
                    progress_for=lambda _: lambda steps: progress.tqdm(list(steps)),
                )
        except BetaLensError as error:
            return as_json({"error": str(error)})
        audit.note("finetuned", version=outcome.version, promoted=outcome.promoted)
        return as_json(outcome.to_json())

    # No limit here: who presses it while another fine-tuning is under way is told so, instead of waiting unawares.
    for event in (ctx.tab.select, ctx.saved.change):
        event(prepare, None, [lesson, button], **QUIET)
    button.click(run, None, result, concurrency_limit=None, api_visibility="private")
