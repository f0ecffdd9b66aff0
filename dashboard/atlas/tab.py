"""Atlas: the reference studies on a map that moves with β, the open case among them, and what marks a group off."""

from typing import Any

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role, who
from dashboard.atlas.service import FIRST, AtlasService, Key, choices, key_of
from dashboard.cases.case import OpenCase
from dashboard.page.context import Context, request
from dashboard.review.service import ReviewService
from dashboard.serving.model_registry import ServedModel
from dashboard.serving.session import Session
from dashboard.ui.events import AT_ONCE, QUIET
from dashboard.ui.payload import as_json, numbered, share
from dashboard.ui.widgets import widget
from dashboard.ui.widgets.relay import relay
from model.errors import BetaLensError

ORDER = 30
TITLE = "tab.atlas"

NAMED = 24  # studies of a selection that the audit log names; it has the number of all


def build(ctx: Context) -> None:
    def atlas_of(served: ServedModel) -> AtlasService:
        return AtlasService(served.reference_cache, ctx.feedback)

    def service() -> AtlasService:
        return ctx.serving.now.get_or_create(atlas_of)

    with gr.Column(elem_classes="bl-page"):
        atlas = widget("atlas", as_json(choices()))
        case, column, trust, cards, selection, export = (
            relay(f"atlas-{kind}") for kind in ("case", "column", "trust", "cards", "selection", "export")
        )
        shown = gr.State(FIRST)  # the map a reader looks at
        sent = gr.State(None)  # and the one the page has, of which model: its geometry goes once

    def draw(key: Key):
        for step in service().chart(key):
            yield as_json(choices() | step), key, (key, ctx.engine.digest) if "block" in step else None

    def draw_at_visit(key: Key, there: tuple[Key, str] | None):
        if there == (key, ctx.engine.digest):
            yield (gr.skip(),) * 3
        else:
            yield from draw(key)

    def draw_asked(event: gr.EventData):
        yield from draw(key_of(event._data))

    def on_stage(session: Session) -> tuple[AtlasService, OpenCase] | None:
        """The open case, with the atlas of its model, unless the model's answer on it is kept back."""
        opened = None if session.blinded else session.opened
        return opened and (ReviewService(ctx.serving).current(session).get_or_create(atlas_of), opened)

    def show_case(session: Session, key: Key):
        shown = on_stage(session)
        return numbered((shown and shown[0].place_of(key, shown[1])) or {"path": None})

    def show_column(event: gr.EventData):
        data = event._data
        kind, finding = str(data.get("column")), str(data.get("finding") or "")
        try:
            return numbered(service().column(key_of(data), kind, finding))
        except BetaLensError as error:
            return numbered({"column": kind, "finding": finding, "error": str(error)})

    def show_trust(session: Session, event: gr.EventData):
        key, beta, shown = key_of(event._data), share(event._data.get("beta")), on_stage(session)
        standing = shown and shown[0].standing(key, shown[1], beta)
        return numbered(service().trust(key, beta) | {"standing": standing})

    def show_cards(event: gr.EventData):
        data = event._data
        found = service().cards(key_of(data), list(data.get("points") or []))
        audit.record_shown("atlas", [card["id"] for card in found["cards"].values()])
        return numbered(found | {"generation": data.get("generation")})

    def show_selection(event: gr.EventData):
        area = _area(event)
        # Words and regions of a group of one are those of its report and film.
        inside = service().inside(*area)
        audit.record("look", where="atlas selection", cases=inside[:NAMED], size=len(inside))
        for step in service().select(*area):
            yield numbered(step)

    def show_export(event: gr.EventData):
        area, patients = _area(event), who().role >= Role.ADMINISTRATOR  # as for the verdicts
        audit.record("export", what="atlas", rows=len(service().inside(*area)), patients=patients)
        return numbered({"csv": service().export(*area, patients)})

    def open_point(event: gr.EventData):
        study = service().study_at(key_of(event._data), event._data.get("point"))
        return (request(study.study_id) if study else gr.skip()), gr.Tabs(selected="review")

    there = [atlas, shown, sent]
    place = show_case, [ctx.session, shown], case
    ctx.tab.select(draw_at_visit, [shown, sent], there, **AT_ONCE).then(*place, **AT_ONCE)
    atlas.chart(draw_asked, None, there, **AT_ONCE).then(*place, **AT_ONCE)
    atlas.column(show_column, None, column, **AT_ONCE)
    atlas.judge(show_trust, ctx.session, trust, **AT_ONCE)
    atlas.cards(show_cards, None, cards, **AT_ONCE)
    atlas.lasso(show_selection, None, selection, **AT_ONCE)
    atlas.keep(show_export, None, export, **AT_ONCE)
    atlas.open(open_point, None, [ctx.request, ctx.tabs], **QUIET)


def _area(event: gr.EventData) -> tuple[Key, Any, Any, float]:
    """A map, a polygon on it, which points are shown, and β."""
    data = event._data
    return key_of(data), data.get("polygon"), data.get("shown"), share(data.get("beta"))
