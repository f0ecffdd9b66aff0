"""What the server knows of one reader's page: the case that is open, and what was computed for it.

Flags are written from here. What comes back from a browser can be forged; what is kept here cannot.
"""

from dataclasses import dataclass, field

from explain import Evidence, evidence
from model.data import Study
from model.engine import Encoded, Engine
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
    _evidence: dict[tuple[str, bool], Evidence] = field(default_factory=dict)

    def evidence(self, engine: Engine, finding: str, exact: bool) -> Evidence:
        """The evidence for a finding, computed once. The exact tier, once known, answers for both."""
        if (finding, True) in self._evidence:
            return self._evidence[finding, True]
        if (finding, exact) not in self._evidence:
            self._evidence[finding, exact] = evidence(engine, self.encoded, finding, exact=exact)
        return self._evidence[finding, exact]


@dataclass
class Session:
    """One reader's page. `ticket` numbers the requests that change what is on the stage: work for an older one stops."""

    beta: float  # where the reader left it on a case that has both modalities
    ticket: int = 0
    opened: OpenCase | None = None
    finding: str | None = None
    flag_id: str = ""

    def next_ticket(self) -> int:
        """A number for a new request; whatever is still at work for an earlier one is out of date from now on."""
        self.ticket += 1
        return self.ticket
