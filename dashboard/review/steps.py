"""The steps that Review shows: a case with its evidence, blinded or not, or why there is none."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dashboard.cases.case import OpenCase
from dashboard.review.dicom_export import offers_dicom
from dashboard.review.ground_truth import known_truth
from dashboard.review.recorded import as_recorded
from dashboard.serving.explanations import Methods
from dashboard.serving.fair_queue import QUEUE_CHECK_SECONDS, QueuePlace
from dashboard.serving.session import Session
from dashboard.ui.payload import as_json, describe_blinded, describe_evidence
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
        return as_json(self._asdict())


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
        return as_json({"ticket": self.request_id, "ahead": self.ahead})


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


def blinded_stage(
    engine: Engine, session: Session, request_id: int, case: OpenCase, chosen: Methods, pictures: bool
) -> Staged:
    """The open case without anything that the model said of it."""
    facts = _facts(engine, session, request_id, case, chosen) | _film(case, pictures)
    return Staged(case, as_json(describe_blinded(case.report, case.encoded, seen=case.key in session.seen, **facts)))


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
    case = shown[0]
    session.seen.add(case.key)
    study = case.study
    clash = discordance(engine, case.encoded)
    facts = _facts(engine, session, request_id, case, chosen) | {
        "tier": tier,
        "single": engine.config.problem_type == SINGLE_LABEL,
        "labels": sorted(study.labels) if study else None,
        # What is known of the pair holds for this pair alone.
        "discordant": bool(study and study.discordant and not case.changes),
        "discordance": clash
        and clash._asdict() | {"worth": worth_of_alert(engine, clash.finding) if clash.alert else None},
        "recorded": session.recorded and as_recorded(session.recorded, case, engine.digest),
    }

    def described(case: OpenCase, evidence: Evidence, /, **facts: Any) -> dict[str, Any]:
        truth = known_truth(table, case, evidence)
        familiarity = engine.familiarity(case.encoded).to_json()
        return describe_evidence(evidence, case.report, truth=truth, **familiarity, **facts, **_film(case, pictures))

    original = described(shown[1], found[1]) if len(shown) > 1 else None
    return Staged(case, as_json(described(case, found[0], original=original, **facts)), pause)


def _facts(engine: Engine, session: Session, request_id: int, case: OpenCase, chosen: Methods) -> dict[str, Any]:
    """What the stage says of the case and the model, veiled or not: a version has a name where it is not the served
    one."""
    apart = session.served is not None and session.served.apart
    return {
        "ticket": request_id,
        "case": case.case_id,
        "findings": engine.findings,
        "chosen": chosen._asdict(),
        "changes": [change._asdict() for change in case.changes],
        "model": engine.digest,
        "version": engine.folder.name if apart and engine.folder else "",
        "split": case.study.split if case.study else "",  # of what somebody sent
        "dicom": offers_dicom(case),
    }


def _film(case: OpenCase, pictures: bool) -> dict[str, Any]:
    """What the stage says of a case's modalities beside its evidence."""
    film, own = case.film, None
    if film:
        rows, columns = film.pixels.shape
        own = {"name": film.name, "rows": rows, "columns": columns}
    picture = data_url(film.pixels) if film and pictures else None
    return {"film": picture, "own_pixels": own, "modalities": case.encoded.modalities}
