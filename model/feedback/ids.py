"""Which study a verdict is on where a spreadsheet changed its id: 00123 came back as 123, 202612000001 as 2.02612E+11,
1-2 as 02-Jan.

The table of studies tells: the id is none of its own, and of those that could have become it, one alone has the report
that the verdict is on; of several the film decides.
"""

import math
import re
from collections import defaultdict
from functools import cached_property

from model.errors import BetaLensError
from model.feedback.record import Flag
from model.feedback.table import ROUNDED
from model.studies.table import Study, StudyTable, load_film, load_report

SPREADSHEET_DIGITS = 15  # digits of a number that a spreadsheet keeps
MOST = 20  # studies whose films are read to tell which one it is
NUMBER = re.compile(r"[+-]?(?P<digits>\d+(?:[.,]\d+)?)(?P<power>E[+-]?\d+)?", re.IGNORECASE)
# As they are written, and as spreadsheets show them, in any language.
DATE = re.compile(r"\d{1,4}[-/. ]{1,2}(\d{1,2}|[^\W\d]{3,9})\.?([-/. ]{1,2}\d{2,4})?|[^\W\d]{3,9}\.?[-/. ]?\d{1,4}")


class StudyIds:
    """The ids of a table, and what may have become of them."""

    def __init__(self, table: StudyTable):
        self._studies = table.studies
        self._known = {study.study_id for study in table.studies}
        self._by_number: dict[int, dict[float, list[Study]]] = {}

    def meant(self, flag: Flag) -> str:
        """The id of the study that a verdict is on: as it stands where the table has it, or does not tell."""
        if not self._is_strange(flag):
            return flag.study_id
        found = [study for study in self._of_number(flag.study_id) if _report(study) == flag.report]
        if not found and DATE.fullmatch(flag.study_id):
            found = self._dated.get(flag.report, [])
        if 1 < len(found) <= MOST:
            found = [study for study in found if _film(study) == flag.image_sha256]
        return found[0].study_id if len(found) == 1 else flag.study_id

    def is_doubtful(self, flag: Flag) -> bool:
        """Whether the table does not have the id, and it looks as if a spreadsheet had made it."""
        return self._is_strange(flag) and bool(ROUNDED.fullmatch(flag.study_id) or self._of_number(flag.study_id))

    def _is_strange(self, flag: Flag) -> bool:
        return bool(flag.study_id) and flag.study_id not in self._known

    def _of_number(self, study_id: str) -> list[Study]:
        """Those whose ids are the same number, as far as that was rounded."""
        digits = _digits(study_id)
        if digits and digits not in self._by_number:
            index = self._by_number[digits] = defaultdict(list)
            for study in self._studies:
                if _digits(study.study_id):
                    index[_rounded(study.study_id, digits)].append(study)
        return self._by_number[digits].get(_rounded(study_id, digits), []) if digits else []

    @cached_property
    def _dated(self) -> dict[str, list[Study]]:
        """Those whose ids a spreadsheet takes for dates, by their reports."""
        found = defaultdict(list)
        for study in self._studies:
            if DATE.fullmatch(study.study_id) and (report := _report(study)) is not None:
                found[report].append(study)
        return found


def _digits(study_id: str) -> int:
    """How many digits of a number were kept; 0 of what is none."""
    found = NUMBER.fullmatch(study_id)
    if not found:
        return 0
    return min(sum(map(str.isdigit, found["digits"])), SPREADSHEET_DIGITS) if found["power"] else SPREADSHEET_DIGITS


def _rounded(study_id: str, digits: int) -> float:
    number = float(study_id.replace(",", "."))
    return float(f"{number:.{digits - 1}E}") if math.isfinite(number) else math.inf


def _report(study: Study) -> str | None:
    """None where it cannot be read."""
    try:
        return load_report(study)
    except BetaLensError:
        return None


def _film(study: Study) -> str | None:
    """The digest, "" where there is no film; None where it cannot be read."""
    try:
        film = load_film(study)
    except BetaLensError:
        return None
    return film.sha256 if film else ""
