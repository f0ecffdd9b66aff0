"""What one flag holds, and which flags stand."""

import math
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from model.errors import FeedbackError
from model.inputs import name_of, report_name

VERDICTS = ("agree", "disagree", "unsure")
UNDO = "undo"  # the verdict of a row that takes another one back
PURGED = "purged"  # the verdict of a row whose content was taken out
EVIDENCE = ("image", "text", "both", "neither")
FLAG_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True)
class Flag:
    """A reviewer's judgement of one prediction. Probabilities and regions are kept to 6 decimals.

    Raises:
        FeedbackError: a value that could not be stored and read back.
    """

    flag_id: str  #: 1 to 64 letters, digits, "-" or "_"; the same id twice is one flag
    time_utc: str  #: ISO 8601
    reviewer: str
    study_id: str
    image_sha256: str
    image_name: str
    report: str
    model_digest: str
    beta: float  #: weight of the image, 0 to 1
    probabilities: dict[str, float] = field(hash=False)  #: finding to probability, as it was shown
    verdict: str  #: one of VERDICTS; UNDO where `undoes` names a flag, PURGED where the content was taken out
    corrected_labels: tuple[str, ...] = ()
    wrong_evidence: str = "neither"  #: one of EVIDENCE
    comment: str = ""
    app_version: str = ""
    blind: bool = False  #: the reviewer answered before seeing the model's answer
    #: boxes on the film: top, left, height, width in fractions of its height and width, 0 to 1
    wrong_regions: tuple[tuple[float, float, float, float], ...] = ()
    wrong_words: tuple[tuple[int, int], ...] = ()  #: spans of the report in characters, [start, end)
    undoes: str = ""  #: the id of the flag that this row takes back

    def __post_init__(self):
        if not isinstance(self.flag_id, str) or not FLAG_ID.fullmatch(self.flag_id):
            raise FeedbackError("The flag was not saved: its id must be 1 to 64 letters, digits, '-' or '_'.")
        for name in TEXT:
            if not isinstance(getattr(self, name), str):
                raise FeedbackError(f"The flag was not saved: its {name} must be text.")
        _require("verdict", self.verdict, (*VERDICTS, UNDO, PURGED))
        _require("wrong evidence", self.wrong_evidence, EVIDENCE)
        self._check_numbers()
        self._check_marks()
        if (self.verdict == UNDO) != bool(self.undoes) or (self.undoes and not FLAG_ID.fullmatch(self.undoes)):
            raise FeedbackError("The flag was not saved: verdict 'undo' goes with the id of the flag that it undoes.")

    def _check_numbers(self) -> None:
        try:
            self._set("probabilities", {str(name): round(float(p), 6) for name, p in self.probabilities.items()})
            self._set("beta", float(self.beta) + 0.0)  # no -0.0, which a spreadsheet would take for a formula
        except (TypeError, ValueError, AttributeError):
            raise FeedbackError("The flag was not saved: β and the probabilities must be numbers.") from None
        if not 0 <= self.beta <= 1 or not all(map(math.isfinite, self.probabilities.values())):
            raise FeedbackError("The flag was not saved: β must lie in 0 to 1 and every probability be finite.")

    def _check_marks(self) -> None:
        if isinstance(self.corrected_labels, str):
            raise FeedbackError("The flag was not saved: the corrected labels must be a list of names, not one text.")
        if not isinstance(self.blind, bool):
            raise FeedbackError("The flag was not saved: blind must be true or false.")
        try:
            self._set("corrected_labels", tuple(map(str, self.corrected_labels)))
            self._set("wrong_regions", tuple(map(_region, self.wrong_regions)))
            self._set("wrong_words", tuple(map(_span, self.wrong_words)))
        except (TypeError, ValueError):
            raise FeedbackError(
                "The flag was not saved: a wrong region is top, left, height and width in fractions of the film, "
                "wrong words are the start and end of a span of the report's characters."
            ) from None

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def film(self) -> str:
        """What the page calls the film."""
        return name_of(self.image_sha256) if self.image_sha256 else ""

    @property
    def case(self) -> str:
        """What the page calls the case: the study's id, else its film's name, else its report's."""
        return self.study_id or self.film or (report_name(self.report) if self.report else "")

    def repeats(self, other: "Flag") -> bool:
        """Whether it is the same flag, sent again: later, or by a newer version of the program."""
        return replace(self, time_utc=other.time_utc, app_version=other.app_version) == other

    def says_as(self, other: "Flag") -> bool:
        """Whether the reviewer said the same of the same case, whichever model answered meanwhile."""
        return replace(self, model_digest=other.model_digest, probabilities=other.probabilities).repeats(other)

    def tombstone(self) -> "Flag":
        """This row without its content: its id and time alone."""
        return Flag(self.flag_id, self.time_utc, "", "", "", "", "", "", 0.0, {}, PURGED)


TEXT = tuple(f.name for f in fields(Flag) if f.type is str)


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


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise FeedbackError(f"The flag was not saved: its {name} must be one of {', '.join(allowed)}.")


def _region(box: Iterable[float]) -> tuple[float, float, float, float]:
    top, left, height, width = (round(float(v), 6) for v in box)
    if not (0 <= top <= top + height <= 1 + 2e-6 and 0 <= left <= left + width <= 1 + 2e-6 and height > 0 < width):
        raise ValueError
    return top, left, height, width


def _span(span: Iterable[int]) -> tuple[int, int]:
    start, end = span
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        raise ValueError
    return start, end
