"""The form that takes a verdict in Review: two clicks where the reader agrees, nothing of the model's in blind mode."""

from typing import Any

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role, who
from dashboard.page.context import Context
from dashboard.review.paced import paced
from dashboard.review.reader_cases import cases_for
from dashboard.review.service import ReviewService
from dashboard.review.steps import Staged
from dashboard.review.verdicts import LONGEST_NAME, VerdictService
from dashboard.serving.session import Session
from dashboard.ui.events import EVERY, QUIET
from dashboard.ui.payload import numbered
from dashboard.ui.widgets import widget
from dashboard.web.thread_pools import in_pool, judging
from model.config import SINGLE_LABEL
from model.errors import AccessError, FeedbackError
from model.feedback import Flag
from model.feedback.agreement import reviewer_labels


class VerdictForm:
    """The widget, and what it asks of the server."""

    def __init__(self, ctx: Context):
        self.ctx = ctx
        self.widget = widget("flag", self._value(Session(beta=ctx.engine.default_beta)))

    def fresh(self, session: Session) -> str:
        """A cleared form for the open case; the model's own findings are ticked for the reader to correct, where the
        reader may know them."""
        return self._value(session, {"fresh": True, **self._labels(session)})

    def listen(self, stage: gr.HTML, cases: gr.HTML) -> None:
        """Wire the form; a verdict given in blind mode lifts the veil from the stage, and a reader who has a name finds
        in the picker what they have judged."""
        ctx, form, review = self.ctx, self.widget, ReviewService(self.ctx.serving)

        def keep(session: Session, beta: float, saved: int, event: gr.EventData):
            blinded = session.blinded
            try:
                login = audit.require(Role.REVIEWER, "flag").reviewer
                flag = self._judge(session).keep(session, beta, dict(event._data), login)
            except (AccessError, FeedbackError) as error:
                key = "flag.no_case" if session.opened is None else "flag.not_saved"
                key = "flag.let_go" if session.was_released else key
                return self._failed(session, key, error), saved
            told = blinded and self._can_tell(session)  # else there is nothing to compare with
            key = f"flag.saved_blind_{flag.verdict}" if told else "flag.saved"
            outcome = {"key": key, "lifted": blinded, **_saved(flag, flag.verdict), **self._labels(session, blinded)}
            answered = reviewer_labels(flag, ctx.engine.config.problem_type) if blinded else None
            if answered is not None:  # they were sure
                outcome["answered"] = sorted(answered)
            return self._value(session, outcome), saved + 1

        async def lift(session: Session):
            if not session.revealed:
                return
            async for step in paced(review.shown(session).reveal(session), lambda step: step):
                if isinstance(step, Staged):
                    yield step.stage

        def undo(session: Session, saved: int):
            try:
                audit.require(Role.REVIEWER, "undo")
                taken = self._judge(session).undo(session)
            except (AccessError, FeedbackError) as error:
                return self._failed(session, "flag.not_undone", error), saved
            return self._value(session, {"key": "flag.undone", **_saved(taken, "")}), saved + 1

        def name_reader(session: Session, event: gr.EventData):
            if not session.login:
                session.reviewer = str(event._data.get("name") or "").strip()[:LONGEST_NAME]
            return cases_for(ctx, session)

        async def go_blind(session: Session, event: gr.EventData):
            on, fresh = bool(event._data.get("on")), True
            steps = review.answer(session, lambda r: r.go_blind(session, on))
            async for step in paced(steps, lambda step: step):
                if isinstance(step, Staged):
                    yield self.fresh(session) if fresh else gr.skip(), step.stage
                    fresh = False
            if fresh:
                yield self.fresh(session), gr.skip()  # no case is open

        # Saving takes milliseconds: in the queue it would wait for others, and again to be told of. One that gets no
        # answer must not keep the same verdict from being sent again.
        form.submit(in_pool(judging, keep), [ctx.session, ctx.beta, ctx.saved], [form, ctx.saved], queue=False, **EVERY)
        form.lift(lift, ctx.session, stage, **QUIET)
        form.undo(in_pool(judging, undo), [ctx.session, ctx.saved], [form, ctx.saved], **QUIET)
        form.blind(go_blind, ctx.session, [form, stage], **QUIET)
        form.named(name_reader, ctx.session, cases, **QUIET)

    def _judge(self, session: Session) -> VerdictService:
        """Of the model that the reader's open case is shown under."""
        return VerdictService(self.ctx.serving.model_for_session(session).engine, self.ctx.feedback)

    def _labels(self, session: Session, known: bool = True) -> dict[str, Any]:
        if session.opened is None or session.blinded or not known:
            return {}
        return {"labels": self._judge(session).decided(session.opened, session.beta) if self._can_tell(session) else []}

    def _can_tell(self, session: Session) -> bool:
        """Whether the model can tell of the open case."""
        engine, case = self.ctx.serving.model_for_session(session).engine, session.opened
        return case is not None and not engine.familiarity(case.encoded).cannot_tell

    def _failed(self, session: Session, key: str, error: Exception) -> str:
        return self._value(session, {"key": key, "values": {"reason": str(error)}, "bad": True})

    def _value(self, session: Session, outcome: dict[str, Any] | None = None) -> str:
        return numbered(
            {
                "findings": self.ctx.engine.findings,
                "single": self.ctx.engine.config.problem_type == SINGLE_LABEL,
                "reviewer": session.reviewer,
                "login": bool(session.login),
                "may": who().role >= Role.REVIEWER,
                "blind": session.blind,
                "veiled": session.blinded,
                "undoable": len(session.saved),
                "outcome": outcome,
            }
        )


def _saved(flag: Flag, verdict: str) -> dict[str, str]:
    """Which row is safe, and what the reader says of its study from now on; "" where they took it back."""
    return {"flag_id": flag.flag_id, "study": flag.study_id, "verdict": verdict}
