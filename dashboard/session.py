"""What the server knows of one reader's page: the case that is open, and what was computed for it.

Flags are written from here. What comes back from a browser can be forged; what is kept here cannot.
"""

from dataclasses import dataclass

from model.data import Study
from model.engine import Encoded
from model.inputs import Film


@dataclass(frozen=True)
class OpenCase:
    """A case after its encoders have run once."""

    case_id: str  # of the reference study, or of the upload
    film: Film | None
    film_name: str
    report: str
    encoded: Encoded
    study: Study | None  # the reference study whose film this is


@dataclass
class Session:
    """One reader's page. `ticket` numbers the requests for what is on the stage: work for an older one stops."""

    beta: float  # where the reader left it on a case that has both modalities
    ticket: int = 0
    opened: OpenCase | None = None
    finding: str | None = None
    flag_id: str = ""

    def next_ticket(self) -> int:
        """A number for a new request; whatever is still at work for an earlier one is out of date from now on."""
        self.ticket += 1
        return self.ticket
