"""What the server knows of one reader's page: the case that is open, and what was computed for it.

Flags are written from here. What comes back from a browser can be forged; what is kept here cannot.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from explain import DEFAULT
from model.data import Study
from model.engine import Encoded
from model.feedback import Flag
from model.inputs import Film

if TYPE_CHECKING:
    from dashboard.serving import Served


class Change(NamedTuple):
    """What a reader did to a case, to see what the decision would then be."""

    kind: str  # "report": edited; "erase": a region of the film; "swap": the report of another study
    study_id: str = ""  # whose report it is


@dataclass(frozen=True)
class OpenCase:
    """A case after its encoders have run once."""

    case_id: str  # of the reference study, or of the upload
    film: Film | None
    film_name: str  # of the table, or made of the bytes that were sent
    report: str
    encoded: Encoded
    study: Study | None  # the reference study whose film this is
    changes: tuple[Change, ...] = ()  # none: the case as it came

    @property
    def key(self) -> tuple[str, str]:
        """What tells this case from every other: its film and its report."""
        return self.film.sha256 if self.film else "", self.report


@dataclass
class Session:
    """One reader's page. `ticket` numbers the requests for what is on the stage: work for an older one stops."""

    beta: float  # where the reader left it on a case that has both modalities
    ticket: int = 0
    cases: list[OpenCase] = field(default_factory=list)  # the case as it came, then after each change
    finding: str | None = None
    flag_id: str = ""
    login: str | None = None  # whose page this is: "" where nobody has to log in, None before its first request
    reviewer: str = ""  # the login, or the name that was typed once
    blind: bool = False  # the model's answer is kept back until the reader has given theirs
    revealed: bool = True  # it was asked to be seen, or the reader has answered
    seen: set[tuple[str, str]] = field(default_factory=set)  # keys of the cases whose answer was sent to this page
    saved: list[Flag] = field(default_factory=list)  # by this page, and not taken back: the last can be
    recorded: Flag | None = None  # the open case is shown as it was when this was given
    served: "Served | None" = None  # the model that the open case was encoded by, and is shown under
    told: str = ""  # the digest of the model that the page names
    image_method: str = DEFAULT["image"]
    report_method: str = DEFAULT["report"]

    @property
    def opened(self) -> OpenCase | None:
        """The case on the stage, with every change."""
        return self.cases[-1] if self.cases else None

    @property
    def original(self) -> OpenCase | None:
        """The case as it came, where it was changed since."""
        return self.cases[0] if len(self.cases) > 1 else None

    @property
    def veiled(self) -> bool:
        """Whether the answer on the open case is kept back."""
        return self.blind and not self.revealed

    def next_ticket(self) -> int:
        """A number for a new request; whatever is still at work for an earlier one is out of date from now on."""
        self.ticket += 1
        return self.ticket
