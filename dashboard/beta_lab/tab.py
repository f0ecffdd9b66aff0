"""β lab: how well the model decides at every β, which β is best, how sure that is, and the cases behind the numbers."""

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role
from dashboard.beta_lab.service import BetaLabService
from dashboard.page.context import Context, request
from dashboard.ui.events import AT_ONCE, QUIET
from dashboard.ui.payload import as_json, numbered, share
from dashboard.ui.widgets import widget
from dashboard.ui.widgets.relay import relay
from model.errors import AccessError, AuditError, BetaLensError

ORDER = 20
TITLE = "tab.beta_lab"


def build(ctx: Context) -> None:
    def service() -> BetaLabService:
        return ctx.serving.now.get_or_create(BetaLabService)

    splits = service().splits()
    first = "val" if "val" in splits else splits[0]
    setup = {"splits": splits, "split": first}
    with gr.Column(elem_classes="bl-page"):
        lab = widget("beta_lab", as_json(setup))
        scores_relay, films_relay, saved_relay = (relay(f"lab-{kind}") for kind in ("scores", "films", "saved"))
        chosen = gr.State(first)

    def measure(split: str):
        """The page itself says what it waits for; whoever comes back is told how far it is."""
        for step in service().measure(split):
            yield as_json(setup | step), split

    def measure_asked(event: gr.EventData):
        split = str(event._data.get("split"))
        yield from measure(split if split in splits else first)

    def scores(event: gr.EventData):
        data = event._data
        try:
            return numbered(service().scores(str(data.get("split")), str(data.get("finding"))))
        except BetaLensError:
            return gr.skip()  # asked by no page of ours

    def films(event: gr.EventData) -> str:
        found = service().films([str(i) for i in event._data.get("ids") or []])
        audit.record_shown("beta_lab", found)
        return numbered({"films": found})

    def open_case(event: gr.EventData):
        data = event._data
        wanted = request(str(data.get("study")), str(data.get("finding")), share(data.get("beta")))
        return wanted, gr.Tabs(selected="review")

    def save(event: gr.EventData) -> str:
        try:
            audit.require(Role.ADMINISTRATOR, "save_beta")
            audit.record("save_beta", beta=share(event._data.get("beta")))
        except (AccessError, AuditError) as error:
            return numbered({"key": "lab.save.failed", "reason": str(error), "bad": True})
        done = service().save(share(event._data.get("beta")))
        audit.note("saved_beta", outcome=done["key"])
        return numbered(done)

    ctx.tab.select(measure, chosen, [lab, chosen], **AT_ONCE)
    lab.measure(measure_asked, None, [lab, chosen], **AT_ONCE)
    lab.scores(scores, None, scores_relay, **AT_ONCE)
    lab.films(films, None, films_relay, **AT_ONCE)
    lab.open(open_case, None, [ctx.request, ctx.tabs], **QUIET)
    lab.keep(save, None, saved_relay, **QUIET)
