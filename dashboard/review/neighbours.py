"""The reference studies nearest to the open case, beside it in Review: by image, by report, and by both at this β."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from dashboard.access import audit
from dashboard.cases.case import OpenCase
from dashboard.page.context import Context, request
from dashboard.serving.background_job import BackgroundJobs
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Session
from dashboard.ui.events import AT_ONCE, QUIET
from dashboard.ui.payload import as_json, share
from dashboard.ui.pictures import study_card
from dashboard.ui.widgets import widget
from explain.cohort.neighbours import Finder
from explain.cohort.spaces import FUSED, IMAGE, REPORT

COUNT = 5
SHOWN_SPACES = (IMAGE, REPORT, FUSED)


def neighbours(ctx: Context) -> None:
    """Place the widget, and answer it."""
    shown = widget("neighbours")

    def look(session: Session, event: gr.EventData):
        case, request_id = session.opened, event.ticket
        # Of a case whose answer is kept back, what they have would tell what the model says.
        if case is None or request_id != session.request_id or session.blinded:
            return
        service = ctx.serving.model_for_session(session).get_or_create(NeighboursService)
        for step in service.nearest(case, share(event.beta)):
            near = [card["id"] for space in step.get("spaces", []) for card in space["near"] or []]
            audit.record_shown("neighbours", near)
            yield as_json({"ticket": request_id, **step})

    def open_study(event: gr.SelectData):
        return request(str(event.value))

    shown.ask(look, ctx.session, shown, **AT_ONCE)
    shown.select(open_study, None, ctx.request, **QUIET)


class NeighboursService:
    """Looks for neighbours, once the reference studies are encoded: in the background, as that may take minutes."""

    def __init__(self, served: ServedModel):
        self.reference_cache = served.reference_cache
        self._finders = BackgroundJobs(
            "neighbours", lambda _, counted: served.reference_cache.finder(counted("encoding"))
        )

    def nearest(self, case: OpenCase, beta: float) -> Iterator[dict[str, Any]]:
        """How far the encoding is, if it is needed, and then the nearest studies in each space; None for a space in
        which the case has no place."""

        def found(finder: Finder) -> dict[str, Any]:
            spaces = [{"space": space, "near": self._near(finder, case, space, beta)} for space in SHOWN_SPACES]
            return {"beta": beta, "modalities": case.encoded.modalities, "spaces": spaces}

        return self._finders.of("all spaces").messages(found)

    def _near(self, finder: Finder, case: OpenCase, space: str, beta: float) -> list[dict[str, Any]] | None:
        vector = finder.vectors.of_case(case.encoded, space, beta)
        if vector is None:
            return None
        own = self.reference_cache.row_of(case.study.study_id) if case.study else None
        near = finder.nearest(space, vector, beta, COUNT, without=own)
        cards = (study_card(self.reference_cache.table.studies[row]) for row in near.rows)
        return [{**card, "distance": float(d)} for card, d in zip(cards, near.distances, strict=True)]
