"""What Review does on the server: open a case, explain a finding, change the case, settle the numbers at a β.

While a case is veiled (see `Session.veiled`) nothing that the model said of it leaves the server.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache

from dashboard.masks import on_film, read_mask
from dashboard.payload import describe, pack, veil
from dashboard.pictures import data_url
from dashboard.recorded import as_recorded
from dashboard.session import Change, OpenCase, Session
from dashboard.truth import known_truth
from explain import INSTANT, Evidence, Superseded, discordance, evidence, methods
from model.config import SINGLE_LABEL
from model.data import StudyTable, load_film
from model.engine import Engine
from model.erase import erase
from model.errors import BetaLensError, ImageError, ReportError
from model.feedback import Flag, new_flag_id
from model.inputs import Film, read_film, read_report

# About 20 kB each: a finding of a case, by one method for its film and one for its report.
CACHED_EVIDENCE = 1024
# Seconds before the chosen methods begin: who walks down the findings with an arrow key wants the last one only.
PAUSE = 0.2
# Each keeps a film in memory.
MOST_CHANGES = 12


class Refused(NamedTuple):
    """A case that was not opened, as the notice widget says it: a phrase, and the error's own sentence."""

    key: str
    detail: str = ""

    def to_json(self) -> str:
        return json.dumps({"level": "error", "key": self.key, "detail": self.detail})


class Staged(NamedTuple):
    """A step of opening a case or explaining a finding: the value of the stage."""

    case: OpenCase
    stage: str


class Methods(NamedTuple):
    """By which method the film is explained, and by which the report."""

    image: str
    report: str


class Reviewer:
    """Opens, changes and explains cases with one engine over one table. What a reader has open is in the Session.

    A newer request of the same reader ends the work for an older one between its steps.
    """

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine = engine
        self.table = table
        self._cache = LRUCache(CACHED_EVIDENCE)
        self._lock = threading.Lock()

    def open_study(
        self, session: Session, study_id: str, beta: float, finding: str = "", recorded: Flag | None = None
    ) -> Iterator[Staged | Refused]:
        """Open a reference study: what is known at once, then the chosen methods.

        Args:
            finding: to explain; the likeliest at β where the model does not know it.
            recorded: show it as it was when this flag was given, with its marks.
        """
        ticket = session.next_ticket()
        try:
            study = self.table.by_id(study_id)
            film, report = load_film(study), read_report(study.report)
            encoded = self.engine.encode(film, report)
        except (BetaLensError, OSError) as error:
            yield _refused(error)
            return
        name = study.image.name if study.image else ""
        case = OpenCase(study.study_id, film, name, report, encoded, study)
        yield from self._open(session, ticket, case, beta, finding, recorded)

    def open_film(self, session: Session, upload: str, text: str, beta: float) -> Iterator[Staged | Refused]:
        """Open an uploaded film, with the text as its report."""
        ticket = session.next_ticket()
        try:
            film, report = read_film(Path(upload).read_bytes()), read_report(text or "")
            case = self._given(film, Path(upload).name, report)
        except (BetaLensError, OSError) as error:
            yield _refused(error)
            return
        yield from self._open(session, ticket, case, beta)

    def analyse(self, session: Session, upload: str | None, text: str, beta: float) -> Iterator[Staged | Refused]:
        """Take the text as the report of the film that is open, which changes the case unless the film came without a
        report; open what was given where it is another film, or a text alone."""
        ticket = session.next_ticket()
        try:
            report = read_report(text or "")
            uploaded = read_film(Path(upload).read_bytes()) if upload else None
            kept = _still_open(session, uploaded)
            film = kept.film if kept else uploaded
            if film is None and not report:
                yield Refused("error.empty")
                return
            given = self._given(film, Path(upload).name if upload else "", report)
        except (BetaLensError, OSError) as error:
            yield _refused(error)
            return
        if kept is None or _awaits_report(kept):
            yield from self._open(session, ticket, given, beta)
        elif report == kept.report:
            yield from self._steps(session, ticket, pictures=True)
        else:
            yield from self._change(session, ticket, kept, Change("report"), report=report, encoded=given.encoded)

    def erase(self, session: Session, mask: object) -> Iterator[Staged | Refused]:
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

    def take_report(self, session: Session, study_id: str) -> Iterator[Staged | Refused]:
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
            yield _refused(error)
            return
        yield from self._change(session, ticket, case, Change("swap", study_id), report=report, encoded=encoded)

    def undo(self, session: Session, all_of_them: bool = False) -> Iterator[Staged]:
        """Take back the last change, or every one."""
        if session.original is None:
            return
        ticket = session.next_ticket()
        del session.cases[1 if all_of_them else -1 :]
        yield from self._steps(session, ticket, pictures=True)

    def encode_again(self, session: Session) -> None:
        """Make the open case, with its changes, one of this model; what is at work for another model ends."""
        session.next_ticket()
        session.cases = [replace(c, encoded=self.engine.encode(c.film, c.report)) for c in session.cases]

    def show_again(self, session: Session) -> Iterator[Staged]:
        """The open case once more, as this model has it."""
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket(), pictures=True)

    def explain(self, session: Session, finding: str) -> Iterator[Staged]:
        """Explain another finding of the open case; the encoders do not run."""
        if session.opened is None or finding not in self.engine.findings:
            return
        ticket = session.next_ticket()
        session.finding = finding
        yield from self._steps(session, ticket)

    def choose_method(self, session: Session, modality: str, name: str) -> Iterator[Staged]:
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
        probabilities = self.engine.probabilities(case.encoded, np.array([beta]))[0]
        return {"ticket": session.ticket, "beta": beta, "probabilities": [float(p) for p in probabilities]}

    def go_blind(self, session: Session, blind: bool) -> Iterator[Staged]:
        """Keep the model's answer back from now on, or no longer. What was seen already stays known to have been."""
        session.blind, session.revealed = blind, not blind
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket())

    def reveal(self, session: Session) -> Iterator[Staged]:
        """Show the model's answer on the open case, to a reader who has given theirs."""
        session.revealed = True
        if session.opened is not None:
            yield from self._steps(session, session.next_ticket())

    def _at(self, case: OpenCase, beta: float) -> np.ndarray:
        return self.engine.probabilities(case.encoded, np.array([beta]))[0]

    def _given(self, film: Film | None, name: str, report: str) -> OpenCase:
        encoded = self.engine.encode(film, report)
        return OpenCase(f"film-{film.sha256[:12]}" if film else "report", film, name, report, encoded, None)

    def _open(
        self,
        session: Session,
        ticket: int,
        case: OpenCase,
        beta: float,
        finding: str = "",
        recorded: Flag | None = None,
    ) -> Iterator[Staged]:
        if session.ticket != ticket:
            return
        if finding not in self.engine.findings:
            finding = self.engine.findings[int(self._at(case, self.engine.clamp_beta(case.encoded, beta)).argmax())]
        session.cases, session.finding = [case], finding
        session.flag_id = new_flag_id()
        session.revealed, session.recorded = False, recorded
        yield from self._steps(session, ticket, pictures=True)

    def _change(
        self, session: Session, ticket: int, before: OpenCase, change: Change, **fields: Any
    ) -> Iterator[Staged | Refused]:
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

    def _steps(self, session: Session, ticket: int, pictures: bool = False) -> Iterator[Staged]:
        """The stage as it is known at once, and then by the chosen methods; one step where those are known.

        Args:
            pictures: send the films, which the page does not have yet.
        """
        shown, finding = [c for c in (session.opened, session.original) if c], session.finding
        chosen = Methods(session.image_method, session.report_method)
        if session.veiled:
            yield self._veiled(session, ticket, pictures)
            return

        def wanted() -> bool:
            return session.ticket == ticket

        try:
            if not all(self._known(case, finding, chosen) for case in shown):
                found = [self._evidence(case, finding, Methods(**INSTANT), wanted) for case in shown]
                yield self._staged(session, ticket, shown, found, chosen, "instant", pictures)
                time.sleep(PAUSE)
            if not wanted():
                return
            found = [self._evidence(case, finding, chosen, wanted) for case in shown]
        except Superseded:
            return
        if wanted():
            yield self._staged(session, ticket, shown, found, chosen, "exact", pictures)

    def _veiled(self, session: Session, ticket: int, pictures: bool) -> Staged:
        """The case without anything that the model said of it."""
        case = session.opened
        value = veil(
            case.report,
            case.encoded,
            ticket=ticket,
            case=case.case_id,
            seen=case.key in session.seen,
            findings=self.engine.findings,
            chosen={"image": session.image_method, "report": session.report_method},
            changes=[change._asdict() for change in case.changes],
            **_facts(case, pictures),
        )
        return Staged(case, value)

    def _staged(
        self,
        session: Session,
        ticket: int,
        shown: list[OpenCase],
        found: list[Evidence],
        chosen: Methods,
        tier: str,
        pictures: bool,
    ) -> Staged:
        case, original = shown[0], shown[1:]
        session.seen.add(case.key)
        study = case.study
        clash = discordance(self.engine, case.encoded)
        value = pack(
            found[0],
            case.report,
            truth=known_truth(self.table, case, found[0]),
            original=describe(
                found[1],
                original[0].report,
                truth=known_truth(self.table, original[0], found[1]),
                **_facts(original[0], pictures),
            )
            if original
            else None,
            ticket=ticket,
            case=case.case_id,
            tier=tier,
            chosen=chosen._asdict(),
            findings=self.engine.findings,
            single=self.engine.config.problem_type == SINGLE_LABEL,
            labels=sorted(study.labels) if study else None,
            # What is known of the pair holds for this pair alone.
            discordant=bool(study and study.discordant and not case.changes),
            discordance=clash and clash._asdict(),
            changes=[change._asdict() for change in case.changes],
            recorded=session.recorded and as_recorded(session.recorded, case, self.engine.digest),
            **_facts(case, pictures),
        )
        return Staged(case, value)

    def _evidence(self, case: OpenCase, finding: str, chosen: Methods, wanted: Callable[[], bool]) -> Evidence:
        """The evidence by these methods. Film and report are explained apart, so that another method for one asks
        nothing again of the other; what explains the one that is not asked for costs nothing."""
        of_image, of_report = (self._half(case, finding, half, wanted) for half in _halves(case, chosen))
        return of_image._replace(
            report_method=of_report.report_method,
            report_error=of_report.report_error,
            words=of_report.words,
            word_scores=of_report.word_scores,
        )

    def _half(self, case: OpenCase, finding: str, half: Methods, wanted: Callable[[], bool]) -> Evidence:
        """Computed once for all readers."""
        key = _key(case, finding, half)
        with self._lock:
            if found := self._cache.get(key):
                return found
        found = evidence(self.engine, case.encoded, finding, half.image, half.report, wanted)
        with self._lock:
            self._cache[key] = found
        return found

    def _known(self, case: OpenCase, finding: str, chosen: Methods) -> bool:
        """Whether the evidence is at hand, or costs nothing."""
        with self._lock:
            return all(
                half == Methods(**INSTANT) or _key(case, finding, half) in self._cache for half in _halves(case, chosen)
            )


def _halves(case: OpenCase, chosen: Methods) -> tuple[Methods, Methods]:
    """The methods for the film beside what costs nothing for the report, and the other way round."""
    instant = Methods(**INSTANT)
    asked = instant._replace(**{m: getattr(chosen, m) for m in case.encoded.modalities})
    return instant._replace(image=asked.image), instant._replace(report=asked.report)


def _key(case: OpenCase, finding: str, half: Methods) -> tuple:
    return *case.key, finding, *half


def _facts(case: OpenCase, pictures: bool) -> dict[str, Any]:
    """What the stage says of a case beside its evidence."""
    film = data_url(case.film.pixels) if case.film and pictures else None
    return {"film": film, "modalities": case.encoded.modalities}


def _still_open(session: Session, film: Film | None) -> OpenCase | None:
    """The open case, where the text is about it: the study's film where none was uploaded, else the film that was."""
    if session.opened is None:
        return None
    first = session.cases[0]
    if film is None:
        return session.opened if first.study else None  # an upload that was removed is gone
    same = first.study is None and first.film is not None and first.film.sha256 == film.sha256
    return session.opened if same else None


def _awaits_report(case: OpenCase) -> bool:
    """An uploaded film that came without a report: the first one completes the case, and changes nothing."""
    return case.study is None and not case.changes and not case.report


def _refused(error: Exception) -> Refused:
    key = {ImageError: "error.image", ReportError: "error.report"}.get(type(error), "error.other")
    # The message of an OSError holds a path, which is nobody's business.
    return Refused(key, str(error) if isinstance(error, BetaLensError) else "")
