"""β lab: how well the model decides at every β, which β is best, how sure that is, and the cases behind the numbers."""

import time
from typing import Any

import gradio as gr

from dashboard.context import Context, request
from dashboard.lab import Laboratory, as_json
from dashboard.serving import Served
from dashboard.widgets import widget
from dashboard.widgets.plotly import serve_plotly
from model.errors import BetaLensError

ORDER = 20
TITLE = "tab.beta_lab"

QUIET = {"show_progress": "hidden", "api_visibility": "private"}
# One reader's measurement must not make another wait.
AT_ONCE = QUIET | {"trigger_mode": "multiple", "concurrency_limit": 4}


def build(ctx: Context) -> None:
    def laboratory() -> Laboratory:
        return ctx.serving.now.part(_laboratory)

    splits = laboratory().splits()
    first = "val" if "val" in splits else splits[0]
    setup = {"plotly": serve_plotly(), "splits": splits, "split": first}
    with gr.Column(elem_classes="bl-page"):
        lab = widget("beta_lab", as_json(setup))
        told_scores, told_films, told_saved = (_relay(kind) for kind in ("scores", "films", "saved"))
        chosen = gr.State(first)

    def measure(split: str):
        """The page itself says what it waits for; whoever comes back is told how far it is."""
        for step in laboratory().measure(split):
            yield as_json(setup | step), split

    def measure_asked(event: gr.EventData):
        split = str(event._data.get("split"))
        yield from measure(split if split in splits else first)

    def scores(event: gr.EventData) -> str:
        asked = event._data
        try:
            found = laboratory().scores(str(asked.get("split")), str(asked.get("finding")))
        except BetaLensError as error:
            return _answer("failed", {"reason": str(error)})  # asked by no page of ours
        return _answer("scores", found)

    def films(event: gr.EventData) -> str:
        return _answer("films", {"films": laboratory().films([str(i) for i in event._data.get("ids") or []])})

    def open_case(event: gr.EventData):
        asked = event._data
        wanted = request(str(asked.get("study")), str(asked.get("finding")), _share(asked.get("beta")))
        return wanted, gr.Tabs(selected="review")

    def save(event: gr.EventData) -> str:
        return _answer("saved", laboratory().save(_share(event._data.get("beta"))))

    ctx.tab.select(measure, chosen, [lab, chosen], **AT_ONCE)
    lab.measure(measure_asked, None, [lab, chosen], **AT_ONCE)
    lab.scores(scores, None, told_scores, **AT_ONCE)
    lab.films(films, None, told_films, **AT_ONCE)
    lab.open(open_case, None, [ctx.request, ctx.tabs], **QUIET)
    lab.keep(save, None, told_saved, **QUIET)


def _laboratory(served: Served) -> Laboratory:
    return Laboratory(served.engine, served.table, served.views)


def _relay(kind: str) -> gr.HTML:
    """Hands answers of one kind to the lab; a kind each, as of two answers in one frame the second alone is seen."""
    relay = widget("lab_answer")
    relay.elem_id = f"bl-lab-{kind}"
    return relay


def _answer(kind: str, values: dict[str, Any]) -> str:
    # Numbered, so that the same answer twice is news twice.
    return as_json({"kind": kind, "number": time.monotonic_ns(), **values})


def _share(value: Any) -> float:
    """A β from the page, which may send anything."""
    try:
        return min(max(float(value), 0.0), 1.0)
    except (TypeError, ValueError):
        return 0.5
