"""A case that a reader has open."""

from dataclasses import dataclass
from typing import NamedTuple

from model.inference.encoding import Encoded
from model.inputs import Film
from model.studies.table import Study


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
