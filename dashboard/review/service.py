"""What Review does on the server: open a case, explain a finding, change the case, settle the numbers at a β.

While a case is veiled (see `Session.veiled`) nothing that the model said of it leaves the server.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.aside import Aside
from dashboard.explaining import Explanations, Methods
from dashboard.masks import on_film, read_mask
from dashboard.metrics import PREDICT
from dashboard.opening import of_parts, open_study
from dashboard.session import Change, OpenCase, Session
from dashboard.staging import Refused, Staged, Step, Waiting, refused, staged, veiled
from dashboard.uploads import take_film
from explain import INSTANT, Evidence, Superseded, methods
from model.data import StudyTable
from model.engine import Engine
from model.erase import erase
from model.errors import BetaLensError, FeedbackError, InputError
from model.feedback import Flag, Store, new_flag_id
from model.inputs import read_report

if TYPE_CHECKING:
    from dashboard.serving import Served

# Seconds before the chosen methods begin: who walks down the findings with an arrow key wants the last one only.
PAUSE = 0.2
# Seconds between two looks at a place in line: what came of it is sent to every page that waits.
TELL = 2.0
# Each keeps a film in memory.
MOST_CHANGES = 12


class Reviewer:
    """Opens, changes and explains cases with one engine over one table. What a reader has open is in the Session.

    A newer request of the same reader ends the work for an older one between its steps.

    Args:
        served: what the engine is part of; a Session remembers it with the case.
    """

    def __init__(self, engine: Engine, table: StudyTable, served: "Served | None" = None):
        self.engine = engine
        self.table = table
        self.served = served
        self.explanations = Explanations(engine, served.aside if served else Aside())

    def open_study(
        self, session: Session, study_id: str, beta: float, finding: str = "", recorded: Flag | None = None
    ) -> Iterator[Step]:
        """Open a reference study: what is known at once, then the chosen methods.

        Args:
            finding: to explain; the likeliest at β where the model does not know it.
            recorded: show it as it was when this flag was given, with its marks.
        """
        ticket = session.next_ticket()
        try:
            case = open_study(self.engine, self.table, study_id)
        except (BetaLensError, OSError) as error:
            yield refused(error)
            return
        yield from self._open(session, ticket, case, beta, finding, recorded)

    def open_kept(self, session: Session, store: Store, beta: float, recorded: Flag) -> Iterator[Step]:
        """Open what was sent, as it was when this flag was given: the film that was kept, and the flag's report."""
        ticket = session.next_ticket()
        try:
            film = store.film(recorded.image_sha256) if recorded.image_sha256 else None
            if recorded.image_sha256 and film is None:
                raise FeedbackError("No copy of that film is kept any more: send it again.")
            case = of_parts(self.engine, film, recorded.report)
        except BetaLensError as error:
            yield refused(error)
            return
        yield from self._open(session, ticket, case, beta, recorded=recorded)

    def open_film(self, session: Session, upload: str, text: str, beta: float) -> Iterator[Step]:
        """Open an uploaded film, with the text as its report. The file is removed."""
        ticket = session.next_ticket()
        try:
            case = of_parts(self.engine, take_film(upload), read_report(text or ""))
        except (BetaLensError, OSError) as error:
            yield refused(error)
            return
        yield from self._open(session, ticket, case, beta)

    def open_report(self, session: Session, text: str, beta: float) -> Iterator[Step]:
        """Open a text alone, as a report that came without a film."""
        ticket = session.next_ticket()
        try:
            case = of_parts(self.engine, None, read_report(text or ""))
        except InputError as error:
            yield refused(error)
            return
        yield from self._open(session, ticket, case, beta)

    def analyse(self, session: Session, text: str, beta: float) -> Iterator[Step]:
        """Take the text as the report of the case that is open, which changes it unless it is a film that came without
        a report; open the text alone where there is none."""
        ticket = session.next_ticket()
        try:
            report = read_report(text or "")
            kept = session.opened
            film = kept.film if kept else None
            if film is None and not report:
                yield Refused("error.empty")
                return
            given = of_parts(self.engine, film, report)
        except (BetaLensError, OSError) as error:
            yield refused(error)
            return
        if kept is None or _awaits_report(kept):
            yield from self._open(session, ticket, given, beta)
        elif report == kept.report:
            yield from self._steps(session, ticket, pictures=True)
        else:
            yield from self._change(session, ticket, kept, Change("report"), report=report, encoded=given.encoded)

    def erase(self, session: Session, mask: object) -> Iterator[Step]:
        """Fill what was painted on the film that is open from around it."""
        case = session.opened
        if case is None or case.film is None:
            return
        ticket = session.next_ticket()
        try:
            film = erase(case.film, on_film(read_mask(mask), case.encoded.box, *case.film.pixels.shape))
            encoded = self.engine.encode(film, case.report)
        except BetaLensError as error:
            yield Refused("error.erase", str(error))
            return
        yield from self._change(session, ticket, case, Change("erase"), film=film, encoded=encoded)

    def take_report(self, session: Session, study_id: str) -> Iterator[Step]:
        """Put the report of a reference study in place of the one of the open case."""
        case = session.opened
        if case is None:
            return
        ticket = session.next_ticket()
        try:
            report = read_report(self.table.by_id(study_id).report)
            if not report:
                yield Refused("error.no_report")
                return
            encoded = self.engine.encode(case.film, report)
        except BetaLensError as error:
            yield refused(error)
            return
        yield from self._change(session, ticket, case, Change("swap", study_id), report=report, encoded=encoded)

    def undo(self, session: Session, all_of_them: bool = False) -> Iterator[Step]:
        """Take back the last change, or every one."""
        if session.original is None:
            return
        ticket = session.next_ticket()
        del session.cases[1 if all_of_them else -1 :]
        yield from self._steps(session, ticket, pictures=True)

    def encode_again(self, session: Session) -> None:
        """Make the open case, with its changes, one of this model; what is at work for another model ends."""
        session.next_ticket()
        cases = [replace(c, encoded=self.engine.encode(c.film, c.report)) for c in session.cases]
        session.cases, session.served = cases, self.served

    def take_over(self, session: Session) -> Iterator[Step]:
        """Show the open case, which was another model's; a verdict on it is another one from now on."""
        self.encode_again(session)
        session.flag_id = new_flag_id()
        yield from self.show_again(session)

    def show_again(self, session: Session) -> Iterator[Step]:
        """The open case once more, as this model has it."""
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket(), pictures=True)

    def explain(self, session: Session, finding: str) -> Iterator[Step]:
        """Explain another finding of the open case; the encoders do not run."""
        if session.opened is None or finding not in self.engine.findings:
            return
        ticket = session.next_ticket()
        session.finding = finding
        yield from self._steps(session, ticket)

    def choose_method(self, session: Session, modality: str, name: str) -> Iterator[Step]:
        """Explain the open case, and those that follow, by another method for the film or for the report."""
        if modality not in Methods._fields or name not in methods(modality):
            return
        setattr(session, f"{modality}_method", name)
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket())

    def predict_at(self, session: Session, beta: float) -> dict[str, Any] | None:
        """The model's own numbers at β for the open case: the head runs, the encoders do not."""
        case = session.opened
        if case is None or session.veiled:
            return None
        with PREDICT.time():
            probabilities = self.engine.probabilities(case.encoded, np.array([beta]))[0]
        return {"ticket": session.ticket, "beta": beta, "probabilities": [float(p) for p in probabilities]}

    def go_blind(self, session: Session, blind: bool) -> Iterator[Step]:
        """Keep the model's answer back from now on, or no longer. What was seen already stays known to have been."""
        session.blind, session.revealed = blind, not blind
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket())

    def reveal(self, session: Session) -> Iterator[Step]:
        """Show the model's answer on the open case, to a reader who has given theirs."""
        session.revealed = True
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket())

    def _open(
        self,
        session: Session,
        ticket: int,
        case: OpenCase,
        beta: float,
        finding: str = "",
        recorded: Flag | None = None,
    ) -> Iterator[Step]:
        if session.ticket != ticket:
            return
        if finding not in self.engine.findings:
            finding = self.engine.likeliest(case.encoded, beta)
        session.cases, session.served, session.finding = [case], self.served, finding
        session.flag_id = new_flag_id()
        session.revealed, session.recorded = False, recorded
        yield from self._steps(session, ticket, pictures=True)

    def _change(self, session: Session, ticket: int, before: OpenCase, change: Change, **fields: Any) -> Iterator[Step]:
        """What is explained stays the same finding, so that before and after can be compared."""
        if session.ticket != ticket:
            return
        if session.veiled:
            yield Refused("error.veiled")
            return
        if len(session.cases) > MOST_CHANGES:
            yield Refused("error.changes")
            return
        session.cases.append(replace(before, changes=(*before.changes, change), **fields))
        yield from self._steps(session, ticket, pictures=True)

    def _steps(self, session: Session, ticket: int, pictures: bool = False) -> Iterator[Step]:
        """The stage as it is known at once, and then by the chosen methods; one step where those are known.

        Args:
            pictures: send the films, which the page does not have yet.
        """
        shown, finding = [c for c in (session.opened, session.original) if c], session.finding
        chosen = Methods(session.image_method, session.report_method)
        if session.veiled:
            yield veiled(self.engine, session, ticket, pictures)
            return

        def wanted() -> bool:
            return session.ticket == ticket

        def of_each(methods: Methods) -> list[Evidence]:
            return [self.explanations.evidence(case, finding, methods, wanted) for case in shown]

        def step(found: list[Evidence], tier: str) -> Staged:
            return staged(self.engine, self.table, session, ticket, shown, found, chosen, tier, pictures)

        try:
            if all(self.explanations.at_hand(case, finding, chosen) for case in shown):
                yield step(of_each(chosen), "exact")
                return
            yield step(of_each(Methods(**INSTANT)), "instant")
            time.sleep(PAUSE)
            with self.explanations.line.place(wanted) as ahead:
                told = 0
                while wanted() and (now := ahead(TELL if told else 0)):
                    if now != told:
                        told = now
                        yield Waiting(ticket, now)
                found = of_each(chosen) if wanted() else []
        except Superseded:
            return
        if found and wanted():
            yield step(found, "exact")


def _awaits_report(case: OpenCase) -> bool:
    """What was sent without a report, or is one alone: the next one makes another case, and changes nothing."""
    return case.study is None and not case.changes and (case.film is None or not case.report)
