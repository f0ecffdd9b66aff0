"""The steps that Review shows: a case with its evidence, blinded or not, or why there is none."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dashboard.cases.case import OpenCase
from dashboard.review.ground_truth import known_truth
from dashboard.review.recorded import as_recorded
from dashboard.serving.explanations import Methods
from dashboard.serving.fair_queue import QUEUE_CHECK_SECONDS, QueuePlace
from dashboard.serving.session import Session
from dashboard.ui.payload import describe_evidence, pack, pack_blinded
from dashboard.ui.pictures import data_url
from explain import Evidence
from explain.every_beta.discordance import discordance
from explain.publish import worth_of_alert
from model.config import SINGLE_LABEL
from model.errors import BetaLensError, ImageError, ReportError
from model.inference.engine import Engine
from model.studies.table import StudyTable


class Refused(NamedTuple):
    """What is said of a case that was not opened, or not as usual: a phrase, and the error's own sentence."""

    key: str
    detail: str = ""
    level: str = "error"  # or "info"

    def to_json(self) -> str:
        return json.dumps({"level": self.level, "key": self.key, "detail": self.detail})


@dataclass(frozen=True)
class Waiting:
    """The exact explanation waits for those of others.

    Whoever goes through steps by hand, and is handed this or a pause, may wait elsewhere and send True for the next
    step; who does not waits within that.
    """

    request_id: int
    ahead: int
    place: QueuePlace | None = field(default=None, compare=False)

    def to_json(self) -> str:
        return json.dumps({"ticket": self.request_id, "ahead": self.ahead})


class Staged(NamedTuple):
    """A step of opening a case or explaining a finding: the value of the stage."""

    case: OpenCase
    stage: str
    pause: float = 0.0  # seconds before the next step is to begin


Step = Staged | Refused | Waiting
Steps = Generator[Step, bool | None, None]


def until_turn(
    place: QueuePlace, request_id: int, should_continue: Callable[[], bool]
) -> Generator[Waiting, bool | None, None]:
    """Steps for as long as others are ahead and the answer is wanted."""
    ahead = place(0)
    while ahead and should_continue():
        if (yield Waiting(request_id, ahead, place)):
            ahead = place(0)
        else:
            announced = ahead
            while should_continue() and (ahead := place(QUEUE_CHECK_SECONDS)) == announced:
                pass


def refused(error: Exception) -> Refused:
    """What the reader is told of an error."""
    key = {ImageError: "error.image", ReportError: "error.report"}.get(type(error), "error.other")
    # The message of an OSError holds a path, which is nobody's business.
    return Refused(key, str(error) if isinstance(error, BetaLensError) else "")


def blinded_stage(engine: Engine, session: Session, request_id: int, case: OpenCase, pictures: bool) -> Staged:
    """The open case without anything that the model said of it."""
    value = pack_blinded(
        case.report,
        case.encoded,
        ticket=request_id,
        case=case.case_id,
        seen=case.key in session.seen,
        findings=engine.findings,
        chosen={"image": session.image_method, "report": session.report_method},
        changes=[change._asdict() for change in case.changes],
        **_model(engine, session),
        **_study(case),
        **_facts(case, pictures),
    )
    return Staged(case, value)


def staged(
    engine: Engine,
    table: StudyTable,
    session: Session,
    request_id: int,
    shown: list[OpenCase],
    found: list[Evidence],
    chosen: Methods,
    tier: str,
    pictures: bool,
    pause: float = 0.0,
) -> Staged:
    """The case with its evidence, and beside it the case as it came where it was changed.

    Args:
        shown: the open case and, where it was changed, the original; `found` is the evidence of each.
        tier: "instant" or "exact".
        pictures: send the films, which the page does not have yet.
        pause: seconds before the next step is to begin.
    """
    case, original = shown[0], shown[1:]
    session.seen.add(case.key)
    study = case.study
    clash = discordance(engine, case.encoded)
    value = pack(
        found[0],
        case.report,
        truth=known_truth(table, case, found[0]),
        original=describe_evidence(
            found[1],
            original[0].report,
            truth=known_truth(table, original[0], found[1]),
            **_facts(original[0], pictures),
        )
        if original
        else None,
        ticket=request_id,
        case=case.case_id,
        tier=tier,
        chosen=chosen._asdict(),
        findings=engine.findings,
        single=engine.config.problem_type == SINGLE_LABEL,
        labels=sorted(study.labels) if study else None,
        # What is known of the pair holds for this pair alone.
        discordant=bool(study and study.discordant and not case.changes),
        discordance=clash
        and clash._asdict() | {"worth": worth_of_alert(engine, clash.finding) if clash.alert else None},
        changes=[change._asdict() for change in case.changes],
        recorded=session.recorded and as_recorded(session.recorded, case, engine.digest),
        **_model(engine, session),
        **_study(case),
        **_facts(case, pictures),
    )
    return Staged(case, value, pause)


def _model(engine: Engine, session: Session) -> dict[str, str]:
    """What the stage says of the model: a version has a name here where it is not the served one."""
    apart = session.served is not None and session.served.apart
    return {"model": engine.digest, "version": engine.folder.name if apart and engine.folder else ""}


def _facts(case: OpenCase, pictures: bool) -> dict[str, Any]:
    """What the stage says of a case beside its evidence."""
    film = data_url(case.film.pixels) if case.film and pictures else None
    return {"film": film, "modalities": case.encoded.modalities}


def _study(case: OpenCase) -> dict[str, str]:
    """The split of a reference study; "" of what somebody sent."""
    return {"split": case.study.split if case.study else ""}
