"""The steps that Review shows: a case with its evidence, veiled or not, or why there is none."""

import json
from typing import Any, NamedTuple

from dashboard.explaining import Methods
from dashboard.payload import describe, pack, veil
from dashboard.pictures import data_url
from dashboard.recorded import as_recorded
from dashboard.session import OpenCase, Session
from dashboard.truth import known_truth
from explain import Evidence, discordance
from model.config import SINGLE_LABEL
from model.data import StudyTable
from model.engine import Engine
from model.errors import BetaLensError, ImageError, ReportError


class Refused(NamedTuple):
    """What is said of a case that was not opened, or not as usual: a phrase, and the error's own sentence."""

    key: str
    detail: str = ""
    level: str = "error"  # or "info"

    def to_json(self) -> str:
        return json.dumps({"level": self.level, "key": self.key, "detail": self.detail})


class Waiting(NamedTuple):
    """The exact explanation waits for those of others."""

    ticket: int
    ahead: int


class Staged(NamedTuple):
    """A step of opening a case or explaining a finding: the value of the stage."""

    case: OpenCase
    stage: str


Step = Staged | Refused | Waiting


def refused(error: Exception) -> Refused:
    """What the reader is told of an error."""
    key = {ImageError: "error.image", ReportError: "error.report"}.get(type(error), "error.other")
    # The message of an OSError holds a path, which is nobody's business.
    return Refused(key, str(error) if isinstance(error, BetaLensError) else "")


def veiled(engine: Engine, session: Session, ticket: int, pictures: bool) -> Staged:
    """The case without anything that the model said of it."""
    case = session.opened
    value = veil(
        case.report,
        case.encoded,
        ticket=ticket,
        case=case.case_id,
        seen=case.key in session.seen,
        findings=engine.findings,
        chosen={"image": session.image_method, "report": session.report_method},
        changes=[change._asdict() for change in case.changes],
        **_model(engine, session),
        **_facts(case, pictures),
    )
    return Staged(case, value)


def staged(
    engine: Engine,
    table: StudyTable,
    session: Session,
    ticket: int,
    shown: list[OpenCase],
    found: list[Evidence],
    chosen: Methods,
    tier: str,
    pictures: bool,
) -> Staged:
    """The case with its evidence, and beside it the case as it came where it was changed.

    Args:
        shown: the open case and, where it was changed, the original; `found` is the evidence of each.
        tier: "instant" or "exact".
        pictures: send the films, which the page does not have yet.
    """
    case, original = shown[0], shown[1:]
    session.seen.add(case.key)
    study = case.study
    clash = discordance(engine, case.encoded)
    value = pack(
        found[0],
        case.report,
        truth=known_truth(table, case, found[0]),
        original=describe(
            found[1],
            original[0].report,
            truth=known_truth(table, original[0], found[1]),
            **_facts(original[0], pictures),
        )
        if original
        else None,
        ticket=ticket,
        case=case.case_id,
        tier=tier,
        chosen=chosen._asdict(),
        findings=engine.findings,
        single=engine.config.problem_type == SINGLE_LABEL,
        labels=sorted(study.labels) if study else None,
        # What is known of the pair holds for this pair alone.
        discordant=bool(study and study.discordant and not case.changes),
        discordance=clash and clash._asdict(),
        changes=[change._asdict() for change in case.changes],
        recorded=session.recorded and as_recorded(session.recorded, case, engine.digest),
        **_model(engine, session),
        **_facts(case, pictures),
    )
    return Staged(case, value)


def _model(engine: Engine, session: Session) -> dict[str, str]:
    """What the stage says of the model: a version has a name here where it is not the served one."""
    apart = session.served is not None and session.served.apart
    return {"model": engine.digest, "version": engine.folder.name if apart else ""}


def _facts(case: OpenCase, pictures: bool) -> dict[str, Any]:
    """What the stage says of a case beside its evidence."""
    film = data_url(case.film.pixels) if case.film and pictures else None
    return {"film": film, "modalities": case.encoded.modalities}
