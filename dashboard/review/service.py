"""What Review does on the server: open a case, explain a finding, change the case, settle the numbers at a β.

While a case is blinded (see `Session.blinded`) nothing that the model said of it leaves the server.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from dashboard.cases.case import Change, OpenCase
from dashboard.cases.masks import on_film, read_mask
from dashboard.cases.opening import encode, of_parts, open_study
from dashboard.cases.uploads import take_film
from dashboard.review.steps import Refused, Staged, Steps, blinded_stage, refused, staged, until_turn
from dashboard.serving.explanations import INSTANT_METHODS, Methods
from dashboard.serving.model_registry import ModelRegistry, claim, on_cpu
from dashboard.serving.open_pages import pages
from dashboard.serving.served import ServedModel
from dashboard.serving.session import Pinned, Session
from dashboard.web.metrics import PREDICT
from explain import Cancelled, Evidence
from explain.methods.registry import methods_of
from model.errors import BetaLensError, BusyError, FeedbackError
from model.feedback import Flag, Store, new_flag_id
from model.inputs import read_report
from model.inputs.erase import erase

# Seconds before the chosen methods begin: who walks down the findings with an arrow key wants the last one only.
PAUSE = 0.2
# Each keeps a film in memory.
MOST_CHANGES = 12


class CaseService:
    """Opens, changes and explains cases with one model over one table. What a reader has open is in the Session, which
    remembers by which model.

    A newer request of the same reader ends the work for an older one between its steps.
    """

    def __init__(self, served: ServedModel):
        self.served = served
        self.engine, self.table, self.explanations = served.engine, served.table, served.explanations

    def open_study(
        self, session: Session, study_id: str, beta: float, finding: str = "", recorded: Flag | None = None
    ) -> Steps:
        """Open a reference study: what is known at once, then the chosen methods.

        Args:
            finding: to explain; the likeliest at β where the model does not know it.
            recorded: show it as it was when this flag was given, with its marks.
        """
        return self._opened(session, lambda: open_study(self.engine, self.table, study_id), beta, finding, recorded)

    def open_kept(self, session: Session, store: Store, beta: float, recorded: Flag) -> Steps:
        """Open what was sent, as it was when this flag was given: the film that was kept, and the flag's report."""

        def case() -> OpenCase:
            film = store.film(recorded.image_sha256) if recorded.image_sha256 else None
            if recorded.image_sha256 and film is None:
                raise FeedbackError("No copy of that film is kept any more: send it again.")
            return of_parts(self.engine, film, recorded.report)

        return self._opened(session, case, beta, recorded=recorded)

    def open_film(self, session: Session, upload: str, text: str, beta: float) -> Steps:
        """Open a film that was uploaded under a name, with the text as its report. It does not wait any more."""
        return self._opened(session, lambda: of_parts(self.engine, take_film(upload), read_report(text or "")), beta)

    def open_report(self, session: Session, text: str, beta: float) -> Steps:
        """Open a text alone, as a report that came without a film."""
        return self._opened(session, lambda: of_parts(self.engine, None, read_report(text or "")), beta)

    def analyse(self, session: Session, text: str, beta: float) -> Steps:
        """Take the text as the report of the case that is open, which changes it unless it is a film that came without
        a report; open the text alone where there is none."""
        request_id = session.next_request()
        try:
            report = read_report(text or "")
            before = session.opened
            film = before.film if before else None
            if film is None and not report:
                yield Refused("error.empty")
                return
            given = of_parts(self.engine, film, report)
        except (BetaLensError, OSError) as error:
            yield refused(error)
            return
        if before is None or _awaits_report(before):
            yield from self._open(session, request_id, given, beta)
        elif report == before.report:
            yield from self._steps(session, request_id, pictures=True)
        else:
            yield from self._change(session, request_id, before, Change("report"), report=report, encoded=given.encoded)

    def erase(self, session: Session, mask: object) -> Steps:
        """Fill what was painted on the film that is open from around it."""
        case = session.opened
        if case is None or case.film is None:
            return
        request_id = session.next_request()
        try:
            film = erase(case.film, on_film(read_mask(mask), case.encoded.image_part.box, *case.film.pixels.shape))
            encoded = encode(self.engine, film, case.report)
        except BetaLensError as error:
            yield Refused("error.erase", str(error))
            return
        yield from self._change(session, request_id, case, Change("erase"), film=film, encoded=encoded)

    def take_report(self, session: Session, study_id: str) -> Steps:
        """Put the report of a reference study in place of the one of the open case."""
        case = session.opened
        if case is None:
            return
        request_id = session.next_request()
        try:
            report = read_report(self.table.by_id(study_id).report)
            if not report:
                yield Refused("error.no_report")
                return
            encoded = encode(self.engine, case.film, report)
        except BetaLensError as error:
            yield refused(error)
            return
        yield from self._change(session, request_id, case, Change("swap", study_id), report=report, encoded=encoded)

    def undo(self, session: Session, all_of_them: bool = False) -> Steps:
        """Take back the last change, or every one."""
        if session.original is None:
            return
        request_id = session.next_request()
        del session.cases[1 if all_of_them else -1 :]
        yield from self._steps(session, request_id, pictures=True)

    def encode_again(self, session: Session) -> None:
        """Make the open case, with its changes, one of this model; what is at work for another model ends."""
        session.next_request()
        cases = [replace(c, encoded=encode(self.engine, c.film, c.report)) for c in session.cases]
        session.cases, session.served = cases, self.served

    def take_over(self, session: Session) -> Steps:
        """Show the open case, which was another model's; a verdict on it is another one from now on."""
        self.encode_again(session)
        session.flag_id = new_flag_id()
        yield from self.show_again(session)

    def show_again(self, session: Session) -> Steps:
        """The open case once more, as this model has it."""
        return self._again(session, pictures=True)

    def explain(self, session: Session, finding: str) -> Steps:
        """Explain another finding of the open case; the encoders do not run."""
        if session.opened is None or finding not in self.engine.findings:
            return
        session.finding = finding
        yield from self._again(session)

    def choose_method(self, session: Session, modality: str, name: str) -> Steps:
        """Explain the open case, and those that follow, by another method for the film or for the report."""
        if modality not in Methods._fields or name not in methods_of(modality):
            return
        setattr(session, f"{modality}_method", name)
        yield from self._again(session)

    def predict_at(self, session: Session, beta: float) -> dict[str, Any] | None:
        """The model's own numbers at β for the open case: the head runs, the encoders do not."""
        case = session.opened
        if case is None or session.blinded:
            return None
        with PREDICT.time():
            probabilities = self.engine.probabilities(case.encoded, np.array([beta]))[0]
        return {"ticket": session.request_id, "beta": beta, "probabilities": [float(p) for p in probabilities]}

    def pin(self, session: Session, case_id: str) -> None:
        """Keep the film of the open case for as long as the page shows it beside others; of no case, where it is
        another one or its answer is kept back."""
        case = session.opened
        session.pinned = None
        if case is not None and case.case_id == case_id and not session.blinded:
            session.pinned = Pinned(case, session.finding)
        pages.use(session)

    def go_blind(self, session: Session, blind: bool) -> Steps:
        """Keep the model's answer back from now on, or no longer. What was seen already stays known to have been."""
        session.blind, session.revealed = blind, not blind
        yield from self._again(session)

    def reveal(self, session: Session) -> Steps:
        """Show the model's answer on the open case, to a reader who has given theirs."""
        session.revealed = True
        yield from self._again(session)

    def _again(self, session: Session, pictures: bool = False) -> Steps:
        """The stage anew, where a case is open."""
        if session.opened is not None:
            yield from self._steps(session, session.next_request(), pictures)

    def _opened(
        self,
        session: Session,
        make: Callable[[], OpenCase],
        beta: float,
        finding: str = "",
        recorded: Flag | None = None,
    ) -> Steps:
        """Open the case that `make` returns; why there is none where it cannot."""
        request_id = session.next_request()
        try:
            case = make()
        except (BetaLensError, OSError) as error:
            yield refused(error)
            return
        yield from self._open(session, request_id, case, beta, finding, recorded)

    def _open(
        self,
        session: Session,
        request_id: int,
        case: OpenCase,
        beta: float,
        finding: str = "",
        recorded: Flag | None = None,
    ) -> Steps:
        if session.request_id != request_id:
            return
        if not finding and session.pinned:
            finding = session.pinned.finding  # so that the two can be compared
        if finding not in self.engine.findings:
            finding = self.engine.likeliest(case.encoded, beta)
        session.cases, session.served, session.finding = [case], self.served, finding
        session.flag_id, session.was_released = new_flag_id(), False
        session.revealed, session.recorded = False, recorded
        pages.use(session)
        yield from self._steps(session, request_id, pictures=True)

    def _change(self, session: Session, request_id: int, before: OpenCase, change: Change, **fields: Any) -> Steps:
        """What is explained stays the same finding, so that before and after can be compared."""
        if session.request_id != request_id:
            return
        if session.blinded:
            yield Refused("error.veiled")
            return
        if len(session.cases) > MOST_CHANGES:
            yield Refused("error.changes")
            return
        session.cases.append(replace(before, changes=(*before.changes, change), **fields))
        pages.use(session)
        yield from self._steps(session, request_id, pictures=True)

    def _steps(self, session: Session, request_id: int, pictures: bool = False) -> Steps:
        """The stage as it is known at once, and then by the chosen methods; one step where those are known.

        Args:
            pictures: send the films, which the page does not have yet.
        """
        shown, finding = [c for c in (session.opened, session.original) if c], session.finding
        chosen = Methods(session.image_method, session.report_method)
        if session.blinded:
            yield blinded_stage(self.engine, session, request_id, shown[0], chosen, pictures)
            return

        def should_continue() -> bool:
            return session.awaits(request_id)

        def of_each(methods: Methods) -> list[Evidence]:
            return [self.explanations.evidence(case, finding, methods, should_continue) for case in shown]

        def step(found: list[Evidence], tier: str, pause: float = 0.0) -> Staged:
            return staged(self.engine, self.table, session, request_id, shown, found, chosen, tier, pictures, pause)

        try:
            if all(self.explanations.is_cached(case, finding, chosen) for case in shown):
                yield step(of_each(chosen), "exact")
                return
            if not (yield step(of_each(INSTANT_METHODS), "instant", PAUSE)):
                time.sleep(PAUSE)
            with self.explanations.queue.place(should_continue, session.reader) as place:
                yield from until_turn(place, request_id, should_continue)
                found = of_each(chosen) if should_continue() else []
        except Cancelled:
            return
        except BusyError as error:
            yield Refused("notice.busy", str(error), level="info")
            return
        if found and should_continue():
            yield step(found, "exact")


def _awaits_report(case: OpenCase) -> bool:
    """What was sent without a report, or is one alone: the next one makes another case, and changes nothing."""
    return case.study is None and not case.changes and (case.film is None or not case.report)


Ask = Callable[[CaseService], Steps]


def case_service_of(served: ServedModel) -> CaseService:
    """The reviewer of a model, the same one each time."""
    return served.get_or_create(CaseService)


class ReviewService:
    """Takes what readers ask to the reviewer of the right model."""

    def __init__(self, serving: ModelRegistry):
        self.serving = serving

    def shown(self, session: Session) -> CaseService:
        """The reviewer of the model that the reader's open case is shown under.

        Raises:
            AccessError: the page is somebody else's.
        """
        return case_service_of(self.serving.model_for_session(session))

    def current(self, session: Session) -> ServedModel:
        """The model for the reader's next request, with their open case encoded by it: the one that is served now, or
        the other version that the case was opened under.

        Raises:
            AccessError: the page is somebody else's.
        """
        now = self.serving.model_for_next_request(session)
        _catch_up(session, case_service_of(now))
        return now

    def answer(self, session: Session, ask: Ask) -> Steps:
        """The steps that a reviewer takes with the open case: that of the model which is served now, or of the other
        version that the case was opened under."""

        def follow(reviewer: CaseService) -> Steps:
            _catch_up(session, reviewer)
            if session.was_released:
                yield Refused("notice.let_go", level="info")
            yield from ask(reviewer)

        yield from _steps(session, self.serving.model_for_next_request(session), follow)

    def open(self, session: Session, ask: Ask, digest: str = "") -> Steps:
        """The steps that the reviewer of the served model takes to open another case, or the same one again.

        Args:
            digest: of the version to open it under instead, where there still is one.
        """
        claim(session)
        request_id, served = session.next_request(), self.serving.now
        if digest:
            try:
                served = self.serving.load_version(digest)
            except BetaLensError as error:
                yield Refused("notice.no_version", str(error), level="info")
        if session.request_id == request_id:  # nothing else was asked for while it was loaded
            yield from _steps(session, served, ask)


def _steps(session: Session, served: ServedModel, ask: Ask) -> Steps:
    """The steps by one model; where the GPU has no memory left for them, by the same model on the CPU."""
    before = _on_stage(session)
    try:
        yield from ask(case_service_of(served))
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        yield Refused("notice.cpu", level="info")
        spare = case_service_of(served.get_or_create(on_cpu))
        opened = before != _on_stage(session)  # only its explanation failed
        yield from spare.take_over(session) if opened else ask(spare)


def _catch_up(session: Session, reviewer: CaseService) -> None:
    """Let this model encode the open case, where another one did."""
    if session.served not in (None, reviewer.served):
        reviewer.encode_again(session)


def _on_stage(session: Session) -> list[tuple]:
    """What is open, whichever model encoded it."""
    return [(case.case_id, case.changes) for case in session.cases]
