"""What Review does on the server: open a case, explain a finding, settle the numbers at a β, keep a verdict."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache

from dashboard.payload import pack
from dashboard.pictures import data_url
from dashboard.session import OpenCase, Session
from dashboard.truth import known_truth
from dashboard.version import app_version
from explain import Evidence, evidence
from model.config import SINGLE_LABEL
from model.data import StudyTable, load_film
from model.engine import Engine
from model.errors import BetaLensError, FeedbackError, ImageError, ReportError
from model.feedback import FeedbackStore, Flag, new_flag_id, utc_now
from model.inputs import Film, read_film, read_report

# About 20 kB each: a finding of a case, in one tier.
CACHED_EVIDENCE = 1024
# Seconds before the exact tier is begun: who walks down the findings with an arrow key wants the last one only.
PAUSE = 0.2


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


class Reviewer:
    """Opens and explains cases with one engine over one table. What a reader has open is in the Session.

    A newer request of the same reader ends the work for an older one between its steps.
    """

    def __init__(self, engine: Engine, table: StudyTable):
        self.engine = engine
        self.table = table
        self._cache = LRUCache(CACHED_EVIDENCE)
        self._lock = threading.Lock()

    def open_study(self, session: Session, study_id: str, beta: float) -> Iterator[Staged | Refused]:
        """Open a reference study: the instant tier, then the exact one."""
        ticket = session.next_ticket()
        try:
            study = self.table.by_id(study_id)
            film, report = load_film(study), read_report(study.report)
            encoded = self.engine.encode(film, report)
        except (BetaLensError, OSError) as error:
            yield _refused(error)
            return
        name = study.image.name if study.image else ""
        yield from self._stage(session, ticket, OpenCase(study.study_id, film, name, report, encoded, study), beta)

    def analyse(self, session: Session, upload: str | None, text: str, beta: float) -> Iterator[Staged | Refused]:
        """Open what the reader gave: an uploaded film, or the film that is open, with the text as its report."""
        ticket = session.next_ticket()
        before = session.opened
        try:
            if upload:
                film, name, study = read_film(Path(upload).read_bytes()), Path(upload).name, None
            else:
                kept = before if before and before.study else None  # an upload that was removed is gone
                film, name, study = (kept.film, kept.film_name, kept.study) if kept else (None, "", None)
            report = read_report(text or "")
            if film is None and not report:
                yield Refused("error.empty")
                return
            encoded = self.engine.encode(film, report)
        except (BetaLensError, OSError) as error:
            yield _refused(error)
            return
        case_id = study.study_id if study else f"film-{film.sha256[:12]}" if film else "report"
        yield from self._stage(session, ticket, OpenCase(case_id, film, name, report, encoded, study), beta)

    def explain(self, session: Session, finding: str) -> Iterator[Staged | Refused]:
        """Explain another finding of the open case; the encoders do not run."""
        if session.opened is None or finding not in self.engine.findings:
            return
        ticket = session.next_ticket()
        session.finding = finding
        yield from self._tiers(session, ticket, session.opened, finding, film=None)

    def predict_at(self, session: Session, beta: float) -> dict[str, Any] | None:
        """The model's own numbers at β for the open case: the head runs, the encoders do not."""
        case = session.opened
        if case is None:
            return None
        probabilities = self.engine.probabilities(case.encoded, np.array([beta]))[0]
        return {"ticket": session.ticket, "beta": beta, "probabilities": [float(p) for p in probabilities]}

    def keep_verdict(self, session: Session, store: FeedbackStore, beta: float, form: dict[str, Any]) -> str:
        """Save what the reader thinks of the open case at this β; what was decided is computed here, not believed.

        Raises:
            FeedbackError: not saved.
        """
        case = session.opened
        if case is None:
            raise FeedbackError("No case is open: open one, then judge it.")
        beta = self.engine.clamp_beta(case.encoded, beta)
        corrected = [name for name in form.get("corrected_labels", []) if name in self.engine.findings]
        flag = Flag(
            flag_id=session.flag_id,
            time_utc=utc_now(),
            reviewer=form.get("reviewer", ""),
            study_id=case.study.study_id if case.study else "",
            image_sha256=case.film.sha256 if case.film else "",
            image_name=case.film_name,
            report=case.report,
            model_digest=self.engine.digest,
            beta=beta,
            probabilities=dict(zip(self.engine.findings, self._at(case, beta).tolist(), strict=True)),
            verdict=form.get("verdict", ""),
            corrected_labels=tuple(corrected),
            wrong_evidence=form.get("wrong_evidence", ""),
            comment=form.get("comment", ""),
            app_version=app_version(),
        )
        saved = store.append(flag)
        session.flag_id = new_flag_id()  # a second verdict on the same case is another one
        return saved

    def decided(self, case: OpenCase, beta: float) -> list[str]:
        """The findings the model reports at β."""
        p = self._at(case, self.engine.clamp_beta(case.encoded, beta))
        if self.engine.config.problem_type == SINGLE_LABEL:
            return [self.engine.findings[int(p.argmax())]]
        return [name for name, value in zip(self.engine.findings, p, strict=True) if value >= 0.5]

    def _at(self, case: OpenCase, beta: float) -> np.ndarray:
        return self.engine.probabilities(case.encoded, np.array([beta]))[0]

    def _evidence(self, case: OpenCase, finding: str, exact: bool) -> Evidence:
        """The evidence for a finding, computed once for all readers. The exact tier, once known, answers for both."""
        key = (case.film and case.film.sha256, case.report, finding)
        with self._lock:
            if found := self._cache.get((*key, True)) or self._cache.get((*key, exact)):
                return found
        found = evidence(self.engine, case.encoded, finding, exact=exact)
        with self._lock:
            self._cache[*key, exact] = found
        return found

    def _stage(self, session: Session, ticket: int, case: OpenCase, beta: float) -> Iterator[Staged]:
        if session.ticket != ticket:
            return
        likeliest = int(self._at(case, self.engine.clamp_beta(case.encoded, beta)).argmax())
        session.opened, session.finding = case, self.engine.findings[likeliest]
        session.flag_id = new_flag_id()
        yield from self._tiers(session, ticket, case, session.finding, film=case.film)

    def _tiers(
        self, session: Session, ticket: int, case: OpenCase, finding: str, film: Film | None
    ) -> Iterator[Staged]:
        picture = data_url(film.pixels) if film else None
        for exact in (False, True):
            if exact:
                time.sleep(PAUSE)
            if session.ticket != ticket:
                return
            found = self._evidence(case, finding, exact)
            if session.ticket != ticket:
                return
            value = pack(
                found,
                case.report,
                truth=known_truth(self.table, case, found),
                ticket=ticket,
                case=case.case_id,
                film=picture,
                findings=self.engine.findings,
                single=self.engine.config.problem_type == SINGLE_LABEL,
                modalities=case.encoded.modalities,
                labels=sorted(case.study.labels) if case.study else None,
                discordant=bool(case.study and case.study.discordant),
            )
            yield Staged(case, value)
            if found.tier == "exact":
                return


def _refused(error: Exception) -> Refused:
    key = {ImageError: "error.image", ReportError: "error.report"}.get(type(error), "error.other")
    # The message of an OSError holds a path, which is nobody's business.
    return Refused(key, str(error) if isinstance(error, BetaLensError) else "")
