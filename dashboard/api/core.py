"""What the API answers, however it is reached."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from dashboard.access import audit
from dashboard.access.identity import Identity, Role
from dashboard.api import schemas
from dashboard.api.answers import asked_findings, explain_finding, picture, predictions
from dashboard.cases.case import OpenCase
from dashboard.cases.opening import open_given, open_study
from dashboard.review.verdicts import VerdictService
from dashboard.serving.explanations import INSTANT_METHODS
from dashboard.serving.model_registry import ModelRegistry, ServedModel
from dashboard.serving.session import Session
from model.errors import ChoiceError
from model.feedback import Store, new_flag_id

ShouldContinue = Callable[[], bool]


class Drawn(NamedTuple):
    """A film under its heat, as PNG, and why the model cannot tell of it; "" where it can."""

    png: bytes
    cannot_tell: str


class Core:
    """Predicts, explains and keeps verdicts with the served model. Safe to ask from many threads.

    Each raises InputError where the case, a finding or a method cannot be used.
    """

    def __init__(self, serving: ModelRegistry, feedback: Store):
        self.serving = serving
        self.feedback = feedback

    def predict(self, request: schemas.Predict, by: Identity) -> schemas.Predicted:
        """Probabilities of a case at each β."""

        def work(served: ServedModel) -> schemas.Predicted:
            case = _open(served, request, by)
            return schemas.Predicted(**_predicted(served, case, request))

        return self.serving.compute(work)

    def explain(
        self, request: schemas.Explain, by: Identity, should_continue: ShouldContinue, reader: Hashable = ""
    ) -> schemas.Explained:
        """Why.

        Args:
            reader: who takes turns with others.

        Raises:
            Cancelled: the answer is not wanted any more.
        """

        def work(served: ServedModel) -> schemas.Explained:
            case, betas = _open(served, request, by), _betas(served, request)
            found = [
                explain_finding(served.explanations, case, finding, request, betas, should_continue, reader)
                for finding in asked_findings(served.engine, case, request, betas)
            ]
            read = {"text_read": case.report, "read_to": case.encoded.read_to}
            return schemas.Explained(**_predicted(served, case, request), **read, findings=found)

        return self.serving.compute(work)

    def draw(
        self, request: schemas.Explain, by: Identity, should_continue: ShouldContinue, reader: Hashable = ""
    ) -> Drawn:
        """The film under the heat of one finding, method and β; see `explain`.

        Raises:
            Cancelled: the answer is not wanted any more.
        """

        def work(served: ServedModel) -> Drawn:
            case, betas = _open(served, request, by), _betas(served, request)
            findings = asked_findings(served.engine, case, request, betas)
            if case.film is None or (len(findings), len(betas), len(request.image_methods)) != (1, 1, 1):
                raise ChoiceError("A picture is of a film, one finding, one method and one β: name one each.")
            chosen = INSTANT_METHODS._replace(image=request.image_methods[0])
            evidence = served.explanations.compute_queued(case, findings[0], chosen, should_continue, reader)
            png = picture(case, evidence, served.engine.clamp_beta(case.encoded, betas[0]))
            return Drawn(png, "; ".join(map(str, served.engine.familiarity(case.encoded).cannot_tell)))

        return self.serving.compute(work)

    def flag(self, request: schemas.Flag, by: Identity) -> schemas.Flagged:
        """Keep a verdict.

        Raises:
            AccessError: whoever asks is no reviewer.
            FeedbackError: it was not saved.
        """
        audit.require(Role.REVIEWER, "flag", by)

        def work(served: ServedModel) -> schemas.Flagged:
            case = _open(served, request, by)
            session = Session(beta=request.beta, cases=[case], flag_id=request.flag_id or new_flag_id())
            form = request.model_dump(exclude={*schemas.Case.model_fields, "beta", "flag_id"})
            flag = VerdictService(served.engine, self.feedback).keep(session, request.beta, form, by.reviewer, by)
            return schemas.Flagged(
                flag_id=flag.flag_id,
                time_utc=flag.time_utc,
                model=flag.model_digest,
                beta=flag.beta,
                probabilities=flag.probabilities,
                in_distribution=flag.in_distribution,
            )

        return self.serving.compute(work)


def _open(served: ServedModel, request: schemas.Case, by: Identity) -> OpenCase:
    """The case, encoded.

    Raises:
        InputError: it cannot be, or it is named in two ways.
    """
    if request.study_id is not None and (request.image is not None or request.report):
        raise ChoiceError("A case is either a study_id or an image and a report: send one of the two.")
    if request.study_id is None:
        case = open_given(served.engine, request.image, request.report)
    else:
        case = open_study(served.engine, served.table, request.study_id)
    audit.record_shown("api", [case.case_id], by, model=served.engine.digest[:12])
    return case


def _betas(served: ServedModel, request: schemas.Predict) -> list[float]:
    return request.betas or [served.engine.default_beta]


def _predicted(served: ServedModel, case: OpenCase, request: schemas.Predict) -> dict:
    return {
        "model": served.engine.digest,
        "modalities": list(case.encoded.modalities),
        **served.engine.familiarity(case.encoded).to_json(),
        "predictions": predictions(served.engine, case, _betas(served, request)),
    }
