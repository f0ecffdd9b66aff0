"""What is asked and answered, as the OpenAPI description states it."""

import base64
from typing import Annotated, Any, Literal

from pydantic import Base64Encoder, BaseModel, ConfigDict, EncodedBytes, Field
from pydantic_core import PydanticCustomError

from dashboard.review.verdicts import LONGEST_NAME, MOST_REGIONS
from explain import DEFAULT
from model.feedback.record import FlagId, Judgement, Verdict
from model.inference.familiarity import ReasonKind
from model.inputs import MAX_BYTES, MAX_CHARACTERS

MOST_BETAS = 101

Responses = dict[int | str, dict[str, Any]]  # by status, as FastAPI has it

Beta = Annotated[
    float,
    Field(ge=0, le=1, strict=True, allow_inf_nan=False, description="Weight of the image; 0 is the report alone."),
]
Share = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=200)]


class _StrictBase64(Base64Encoder):
    """Base64 as RFC 4648 has it: what is foreign to it is refused, not passed over, but for the breaks between lines
    that MIME and base64(1) write."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        try:
            return base64.b64decode(b"".join(data.split()), validate=True)
        except ValueError:
            raise PydanticCustomError(
                "base64_decode",
                "not base64; send the bytes of the file in base64 (RFC 4648: A-Z, a-z, 0-9, + and /, padded with =), "
                "without a data: prefix",
            ) from None


class Case(BaseModel, frozen=True, extra="forbid"):
    """A reference study by its id, or a film, a report or both."""

    study_id: Name | None = Field(None, description="Of the table that is served; excludes `image` and `report`.")
    image: Annotated[bytes, EncodedBytes(encoder=_StrictBase64), Field(max_length=MAX_BYTES * 4 // 3 + 4)] | None = (
        Field(None, description="The bytes of an image file in base64 (RFC 4648); what it is, its content says.")
    )
    report: str = Field("", max_length=MAX_CHARACTERS, description="The text of the report.")


class Predict(Case, frozen=True):
    """Ask for probabilities."""

    betas: list[Beta] | None = Field(
        None, min_length=1, max_length=MOST_BETAS, description="The checkpoint's default where not given."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"report": "Small left pleural effusion.", "betas": [0.0]}]}
    )


class Prediction(BaseModel):
    beta: float = Field(description="As the case allows it: 1 without a report, 0 without an image.")
    probabilities: dict[str, float] = Field(description="By finding, in [0, 1].")


class Reason(BaseModel):
    """Why the model cannot tell of a case."""

    kind: ReasonKind = Field(
        description="unlike: further from what it learnt from than chance allows. Of a film that is no frontal "
        "radiograph of a chest that hangs as it is read: modality, part, view, hanging by its header; other, lateral, "
        "mirrored, upside_down, turned, inverted by its pixels."
    )
    modality: Literal["image", "report"]
    nearer: int = Field(description="Of unlike: held-out studies that are nearer to those that it learnt from; else 0.")
    of: int = Field(description="Of unlike: held-out studies that were measured; else 0.")
    named: str = Field(description="The code that stands in the header, if it is one of the standard; else empty.")
    sentence: str


class Unasked(BaseModel):
    """Why nothing says whether a modality is like those that the model learnt from."""

    kind: Literal["unmeasured", "too_few"] = Field(
        description="unmeasured: not for this model; too_few: on too few held-out studies."
    )
    modality: Literal["image", "report"]
    held_out: int = Field(description="Held-out studies that were measured.")
    needed: int = Field(description="Held-out studies that it takes; 0 where none was measured for this model.")
    sentence: str


class Predicted(BaseModel):
    model: str = Field(description="SHA-256 of the weights.")
    modalities: list[Literal["image", "report"]]
    in_distribution: dict[Literal["image", "report"], float | None] = Field(
        description="Conformal p-value of the film and of the report, in (0, 1]: of a case like those that the model "
        "learnt from it is at most α with a probability of at most α. Null where it is absent or was not measured."
    )
    cannot_tell: list[Reason] = Field(
        description="Why the probabilities say nothing of this case: read them only where this is empty."
    )
    unasked: list[Unasked] = Field(description="Of which modality nothing says whether it is like them, and why.")
    predictions: list[Prediction] = Field(description="In the order of `betas`.")


class Explain(Predict, frozen=True):
    """Ask why."""

    findings: list[Name] | None = Field(
        None, min_length=1, max_length=100, description="The likeliest at the first β where not given."
    )
    image_methods: list[Name] = Field([DEFAULT["image"]], max_length=10, description="What explains the film, by name.")
    report_methods: list[Name] = Field([DEFAULT["report"]], max_length=10, description="What explains the report.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "report": "Small left pleural effusion.",
                    "betas": [0.0],
                    "findings": ["Effusion"],
                    "report_methods": ["contextual_cam"],
                }
            ]
        }
    )


class ImageEvidence(BaseModel):
    method: str
    completeness_error: float | None = Field(
        description="As a share; null for a method that does not promise to add up."
    )
    maps: list[list[list[float]]] = Field(
        description="For each β rows and columns over the square, in logits a cell; the page shows what is above 0."
    )
    box: dict[str, float] = Field(description="Where the film lies inside that square: fractions of its side.")
    scale: float = Field(description="The value at which the page's colours are full: the same for all cases.")


class WordEvidence(BaseModel):
    text: str
    start: int = Field(description="In characters of `text_read`.")
    end: int
    scores: list[float] = Field(description="For each β, in logits, signed.")


class ReportEvidence(BaseModel):
    method: str
    completeness_error: float | None
    words: list[WordEvidence]
    scale: float


class FindingExplained(BaseModel):
    finding: str
    logit: list[float] = Field(description="For each β, log(p / (1 − p)) of the finding's probability.")
    reference_logit: list[float] = Field(description="The same of the mean training study, for each β.")
    contributions: dict[Literal["image", "report"], list[float]] = Field(
        description="Shapley values for each β: they sum to logit − reference_logit."
    )
    interaction: list[float] = Field(description="What the two add only together; both have half of it.")
    flips: list[float] = Field(description="β at which the decision changes.")
    image: list[ImageEvidence]
    report: list[ReportEvidence]


class Explained(Predicted):
    text_read: str = Field(description="The report as it was shown and encoded.")
    read_to: int = Field(description="Characters of it that fitted the encoder.")
    findings: list[FindingExplained]


class Flag(Case, Judgement, frozen=True):
    """A verdict on what the model says of a case at β."""

    beta: Beta
    # Of Judgement, with the limits of a request. Its other fields are inherited as they are.
    verdict: Verdict = Field(description="What the reviewer says of the decision.")
    corrected_labels: tuple[Name, ...] = Field(
        (), max_length=100, description="What the case has, where the model is wrong."
    )
    comment: str = Field("", max_length=MAX_CHARACTERS, description="In the reviewer's words.")
    reviewer: str = Field(
        "", max_length=LONGEST_NAME, description="Where nobody has to log in; otherwise it is the login."
    )
    wrong_regions: list[Annotated[list[Share], Field(min_length=4, max_length=4)]] = Field(
        [], max_length=MOST_REGIONS, description="Boxes: top, left, height and width as fractions of the film."
    )
    wrong_words: list[Annotated[int, Field(ge=0, strict=True)]] = Field(
        [], max_length=1000, description="Places among the words that /explain lists."
    )
    finding_boxes: list[tuple[Name, Share, Share, Share, Share]] = Field(
        [],
        max_length=MOST_REGIONS,
        description="Where findings are: of each box the finding, and then top, left, height and width as above.",
    )
    flag_id: FlagId | None = Field(None, description="Choose one, and a retry with it is kept once.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"report": "Small left pleural effusion.", "beta": 0.0, "verdict": "agree", "flag_id": "a-1"}]
        }
    )


class Flagged(BaseModel):
    flag_id: str
    time_utc: str
    model: str
    beta: float
    probabilities: dict[str, float]
    in_distribution: dict[str, float] = Field(description="Of each modality that was measured, as it is kept.")


class Fault(BaseModel):
    at: str
    said: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


def problems(said: dict[int | str, str]) -> Responses:
    """The problems that a route may answer with: what each status says."""
    return {status: {"model": Problem, "description": why} for status, why in said.items()}
