"""What stands in the way of reading all that was ever saved: said wherever feedback is shown, until it is put right."""

from typing import NamedTuple

from model.feedback.table import listed, numbered

UNREADABLE, ROWS, IDS, ASIDE, TORN, TABLE_ROWS = "unreadable", "rows", "ids", "set_aside", "torn", "table_rows"
SAID = {
    UNREADABLE: "{file} holds no verdicts that can be read; the next verdict sets it aside and begins a new one.",
    ROWS: "{rows} of {file} (as a spreadsheet counts them; from line {line}) can be read as no verdict and stay as "
    "they are: restore or remove them.",
    IDS: "{rows} of {file} (as a spreadsheet counts them; from line {line}) name no study of the table, as if another "
    "program had changed their ids (00123 to 123, or rounded): put the right ones there.",
    ASIDE: "{file} was changed by another program and is not, or not wholly, among the verdicts: take from it what is "
    "missing, then remove it.",
    TORN: "{file} is the beginning of a verdict that was being saved, and was never acknowledged, when the server "
    "ended: look at it, then remove it.",
    TABLE_ROWS: "{rows} of {file} can be read as no verdict and stay as they are: restore or remove them.",
}  # fmt: skip


class Trouble(NamedTuple):
    """One of them; names of files and numbers of rows, and nothing of what stands in them."""

    kind: str
    file: str  #: or table of the database
    rows: tuple[int, ...] = ()  #: as a spreadsheet counts them, from 1, which is the header
    line: int = 0  #: of the file, on which the first of them begins

    @property
    def hides(self) -> bool:
        """Whether it hides a verdict that was acknowledged."""
        return self.kind != TORN

    @property
    def numbers(self) -> str:
        """The rows, of many the first."""
        return numbered(self.rows)

    def __str__(self) -> str:
        """A sentence."""
        rows = listed(self.rows).capitalize()
        return SAID[self.kind].format(file=self.file, rows=rows, line=self.line)
