"""What the server knows of one reader's page: the case that is open, and what was computed for it.

Flags are written from here. What comes back from a browser can be forged; what is kept here cannot.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from explain import DEFAULT
from model.data import Study
from model.engine import Encoded
from model.inputs import Film


class Change(NamedTuple):
    """What a reader did to a case, to see what the decision would then be."""

    kind: str  # "report": edited; "erase": a region of the film; "swap": the report of another study
    study_id: str = ""  # whose report it is


@dataclass(frozen=True)
class OpenCase:
    """A case after its encoders have run once."""

    case_id: str  # of the reference study, or of the upload
    film: Film | None
    film_name: str
    report: str
    encoded: Encoded
    study: Study | None  # the reference study whose film this is
    changes: tuple[Change, ...] = ()  # none: the case as it came


@dataclass
class Session:
    """One reader's page. `ticket` numbers the requests for what is on the stage: work for an older one stops."""

    beta: float  # where the reader left it on a case that has both modalities
    ticket: int = 0
    cases: list[OpenCase] = field(default_factory=list)  # the case as it came, then after each change
    finding: str | None = None
    flag_id: str = ""
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

    def next_ticket(self) -> int:
        """A number for a new request; whatever is still at work for an earlier one is out of date from now on."""
        self.ticket += 1
        return self.ticket
