"""What one flag holds, and which flags stand.

`Judgement` has what a reader says of a case, `Flag` the whole record. A field is declared here and nowhere else: the
page's form, the HTTP API, the command line, the CSV and the SQL table take its name, type and check from here.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    ModelWrapValidatorHandler,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from model.errors import FeedbackError
from model.inputs import name_of, report_name

Verdict = Literal["agree", "disagree", "unsure"]
RowVerdict = Literal[Verdict, "undo", "purged"]
Evidence = Literal["image", "text", "both", "neither"]
VERDICTS, EVIDENCE = get_args(Verdict), get_args(Evidence)
UNDO: Literal["undo"] = "undo"  # the verdict of a row that takes another one back
PURGED: Literal["purged"] = "purged"  # the verdict of a row whose content was taken out

# The columns of the CSV and of the SQL table that each version added; `schema` says by which version a row was written.
# A new column is a new version.
VERSIONS: dict[int, tuple[str, ...]] = {
    1: (
        "flag_id", "schema", "time_utc", "reviewer", "study_id", "image_sha256", "image_name", "report",
        "model_digest", "beta", "probabilities", "verdict", "corrected_labels", "wrong_evidence", "comment",
        "app_version",
    ),
    2: ("blind", "wrong_regions", "wrong_words", "undoes"),
    3: ("finding_boxes",),
    4: ("in_distribution",),
}  # fmt: skip
SCHEMA = max(VERSIONS)
ADDED = tuple(name for version in VERSIONS if version > 1 for name in VERSIONS[version])  # older files lack some
# In their order: the id first, so that it is found without parsing a row (csv_file.py); `undoes` last, whatever is
# added, as it tells whether the end of a row was torn off (table.py).
COLUMNS = tuple(sorted((*VERSIONS[1], *ADDED), key=lambda name: name == "undoes"))


def _region(box: tuple[float, ...]) -> tuple[float, ...]:
    top, left, height, width = box
    if not (0 <= top <= top + height <= 1 + 2e-6 and 0 <= left <= left + width <= 1 + 2e-6 and height > 0 < width):
        raise ValueError
    return box


def _finding_box(box: tuple) -> tuple:
    finding, *region = box
    if not finding:
        raise ValueError
    _region(tuple(region))
    return box


def _span(span: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= span[0] < span[1]:
        raise ValueError
    return span


FlagId = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,64}$")]
Undone = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{0,64}$")]
Text = InstanceOf[str]  # any, also with lone surrogates, which pydantic's own str refuses
Name = Annotated[Text, BeforeValidator(str)]
# Without -0.0, which a spreadsheet would take for a formula.
Beta = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(lambda value: value + 0.0)]
Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda value: round(value, 6))]
Region = Annotated[tuple[Number, Number, Number, Number], AfterValidator(_region)]
FindingBox = Annotated[tuple[Name, Number, Number, Number, Number], AfterValidator(_finding_box)]
Span = Annotated[tuple[StrictInt, StrictInt], AfterValidator(_span)]


class Judgement(BaseModel, frozen=True):
    """What a reader says of a case, wherever they say it. Marks are not among it, as what is sent of them (boxes beyond
    the film's edge, places among the words) is not what is kept."""

    model_config = ConfigDict(extra="forbid")

    reviewer: Text = Field("", description="Who judged: the login, or the name that was typed.")
    verdict: RowVerdict = Field(
        description="What the reviewer says of the decision; `undo` where the row takes another one back, `purged` "
        "where its content was taken out."
    )
    corrected_labels: tuple[Name, ...] = Field((), description="What the case has, where the model is wrong.")
    wrong_evidence: Evidence = Field("neither", description="What of the evidence is wrong.")
    comment: Text = Field("", description="In the reviewer's words.")


class Flag(Judgement, frozen=True):
    """A reviewer's judgement of one prediction. Probabilities and regions are kept to 6 decimals.

    Raises:
        FeedbackError: a value that could not be stored and read back.
    """

    flag_id: FlagId = Field(description='1 to 64 letters, digits, "-" or "_"; the same id twice is one flag.')
    time_utc: Text = Field(description="When it was given, ISO 8601.")
    study_id: Text = Field(description="Of the table of studies; empty where the case was uploaded.")
    image_sha256: Text = Field(description="SHA-256 of the film's file; empty where there is no film.")
    image_name: Text = Field(
        description="The name of the film's file, or one made of its SHA-256 where it was uploaded."
    )
    report: Text = Field(description="The report as it was shown.")
    model_digest: Text = Field(description="SHA-256 of the weights that decided.")
    beta: Beta = Field(description="Weight of the image at which it was judged, 0 to 1.")
    probabilities: dict[Name, Number] = Field(description="Finding to probability, as it was shown.")
    app_version: Text = Field("", description="Version of BetaLens that the flag was given in.")
    blind: StrictBool = Field(False, description="Whether the reviewer answered before seeing the model's answer.")
    wrong_regions: tuple[Region, ...] = Field(
        (), description="Boxes on the film: top, left, height, width in fractions of its height and width, 0 to 1."
    )
    wrong_words: tuple[Span, ...] = Field((), description="Spans of the report in characters, [start, end).")
    finding_boxes: tuple[FindingBox, ...] = Field(
        (), description="Boxes on the film in which a finding is: its name, and the box as in `wrong_regions`."
    )
    in_distribution: dict[Name, Number] = Field(
        {},
        description="Modality to the p-value of its being like those that the model learnt from, as it was shown; "
        "empty where that was not measured.",
    )
    undoes: Undone = Field("", description="The id of the flag that this row takes back.")

    @model_validator(mode="wrap")
    @classmethod
    def _say_what_is_wrong(cls, given: Any, handler: ModelWrapValidatorHandler["Flag"]) -> "Flag":
        """In one sentence, which quotes nothing of what was given."""
        try:
            flag = handler(given)
        except ValidationError as error:
            raise FeedbackError(f"The flag was not saved: {_expected(error)}.") from None
        if (flag.verdict == UNDO) != bool(flag.undoes):
            raise FeedbackError(f"The flag was not saved: {_UNDO}.")
        return flag

    @classmethod
    def new(cls, **given: Any) -> "Flag":
        """A flag of what is known: made now under a fresh id where that is not given; other text, and probabilities,
        are empty.

        Raises:
            FeedbackError: it lacks a verdict or β, has a field that no flag has, or a value that cannot be kept.
        """
        now = {"flag_id": new_flag_id(), "time_utc": utc_now()}
        known: dict[str, Any] = {**dict.fromkeys(NEEDED_TEXT, ""), "probabilities": {}, **now}
        return cls(**known | given)

    @property
    def film(self) -> str:
        """What the page calls the film."""
        return name_of(self.image_sha256) if self.image_sha256 else ""

    @property
    def case(self) -> str:
        """What the page calls the case: the study's id, else its film's name, else its report's."""
        return self.study_id or self.film or (report_name(self.report) if self.report else "")

    def by_column(self) -> dict[str, Any]:
        """Column to value, in their order."""
        return {name: getattr(self, name) for name in COLUMNS if name != "schema"}

    def changed(self, **changes: Any) -> "Flag":
        """The flag with other values.

        Raises:
            FeedbackError: one of them cannot be kept.
        """
        return Flag(**self.by_column() | changes)

    def __hash__(self) -> int:
        return hash(self.flag_id)  # its probabilities, a dict, have none

    def repeats(self, other: "Flag", *whatever: str) -> bool:
        """Whether it is the same flag, sent again: later, or by a newer version of the program.

        Args:
            whatever: further fields that may differ.
        """
        may_differ = {"time_utc", "app_version", *whatever}
        return all(value == getattr(other, name) for name, value in self if name not in may_differ)

    def says_as(self, other: "Flag") -> bool:
        """Whether the reviewer said the same of the same case, whichever model answered meanwhile."""
        return self.repeats(other, "model_digest", "probabilities", "in_distribution")

    def tombstone(self) -> "Flag":
        """This row without its content: its id and time alone."""
        return Flag.new(flag_id=self.flag_id, time_utc=self.time_utc, beta=0.0, verdict=PURGED)

    def undo(self, flag_id: str, time_utc: str) -> "Flag":
        """The row that takes this one back. It names the case and the model, and repeats nothing of what was said."""
        naming = {name: getattr(self, name) for name in NAMING}
        return Flag.new(flag_id=flag_id, time_utc=time_utc, verdict=UNDO, undoes=self.flag_id, **naming)


NAMING = ("reviewer", "study_id", "image_sha256", "image_name", "model_digest", "beta", "app_version")
# The columns that are written as they are; any other one is JSON.
TEXT = tuple(
    name for name, f in Flag.model_fields.items() if f.annotation is str or get_origin(f.annotation) is Literal
)
NEEDED_TEXT = tuple(name for name in TEXT if Flag.model_fields[name].is_required())

_MARKS = (
    "a wrong region is top, left, height and width in fractions of the film, a finding's box its name and the same, "
    "wrong words are the start and end of a span of the report's characters"
)
_UNDO = "verdict 'undo' goes with the id of the flag that it undoes"
# What is said of a field whose value is refused; of any other text, that it must be text.
_EXPECTED = {
    "flag_id": "its id must be 1 to 64 letters, digits, '-' or '_'",
    "verdict": f"its verdict must be one of {', '.join(get_args(RowVerdict))}",
    "wrong_evidence": f"its wrong evidence must be one of {', '.join(EVIDENCE)}",
    "corrected_labels": "the corrected labels must be a list of names, not one text",
    "blind": "blind must be true or false",
    "wrong_regions": _MARKS,
    "wrong_words": _MARKS,
    "finding_boxes": _MARKS,
    "undoes": _UNDO,
}


def _expected(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if any(fault["type"] in ("missing", "extra_forbidden") and len(fault["loc"]) == 1 for fault in wrong):
        return "it needs a verdict and a beta, and no field but those that `betalens feedback list --json` prints"
    fault = wrong[0]
    name = str(fault["loc"][0])
    if name == "in_distribution":
        return "its p-values must be numbers by modality"
    if name in ("beta", "probabilities"):
        out_of_range = fault["type"] in ("greater_than_equal", "less_than_equal", "finite_number")
        bounds = "β must lie in 0 to 1 and every probability be finite"
        return bounds if out_of_range else "β and the probabilities must be numbers"
    return _EXPECTED.get(name, f"its {name} must be text")


def standing(rows: Iterable[Flag]) -> list[Flag]:
    """The judgements among `rows`, in order, that were neither undone nor purged. An undo is final: who thinks better
    of it judges again."""
    rows = list(rows)
    undone = {row.undoes for row in rows}
    return [row for row in rows if row.verdict in VERDICTS and row.flag_id not in undone]


def new_flag_id() -> str:
    """A fresh id: 32 hexadecimal digits. Make it when the form opens, so that a retry carries the same one."""
    return uuid.uuid4().hex


def utc_now() -> str:
    """The time, as in 2026-01-31T12:00:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
