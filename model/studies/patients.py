"""Whose studies they are: one id for each patient, however it is written."""

from model.studies.names import is_missing, tidy

NAMED = 3  # examples in a note


class Patients:
    """The patients of a table, row by row. Ids that differ by blanks, letter case or a form of Unicode are one's: taken
    for several, a patient could be both learnt from and measured on."""

    def __init__(self):
        self._first: dict[str, str] = {}
        self._joined: dict[str, str] = {}  # as written, and as meant
        self._unnamed = 0

    def of(self, cell: str | None, study_id: str) -> str:
        """The patient of a row; the study stands for a patient who is not named.

        Args:
            cell: of the column of patients; None where there is none.
        """
        if cell is None:
            return study_id
        if is_missing(cell):
            self._unnamed += bool(cell.strip())
            return study_id
        name = tidy(cell)
        meant = self._first.setdefault(name.casefold(), name)
        if cell != meant:
            self._joined[cell] = meant
        return meant

    def notes(self) -> list[str]:
        """What was taken as meant, a clause each."""
        found = []
        if self._joined:
            shown = ", ".join(f"{cell!r} as {meant!r}" for cell, meant in list(self._joined.items())[:NAMED])
            more = f" and {len(self._joined) - NAMED:,} more" if len(self._joined) > NAMED else ""
            found.append(f"ids of patients that differ by blanks or letter case are one patient's: {shown}{more}")
        if self._unnamed:
            rows = "row names no patient" if self._unnamed == 1 else "rows name no patient"
            found.append(f"{self._unnamed:,} {rows} (nan or its like): each counts as a patient of its own")
        return found
