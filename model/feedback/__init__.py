"""What reviewers think of predictions: kept so that nothing acknowledged is lost, and read back as it was typed.

record.py is the one model of a flag, store.py says what a store of them does, `open_store` which one an address means;
folder.py is the one in files (cells.py how a row is written, table.py how rows are read of whatever became of a file,
ids.py which study one means, csv_file.py how a file survives, turns.py who may write, films.py how a film is kept),
sql.py the one in PostgreSQL (migrations/ how its tables came to be as they are); trouble.py is what stands in the way
of reading.
"""

from pathlib import Path

from model.errors import FeedbackError
from model.feedback.folder import FeedbackStore
from model.feedback.record import (
    PURGED,
    UNDO,
    VERDICTS,
    Flag,
    new_flag_id,
    standing,
    utc_now,
)
from model.feedback.store import Store, as_csv
from model.studies.table import StudyTable

__all__ = [
    "PURGED",
    "UNDO",
    "VERDICTS",
    "FeedbackStore",
    "Flag",
    "Store",
    "as_csv",
    "new_flag_id",
    "open_store",
    "standing",
    "utc_now",
]


def open_store(where: str | Path, replica: str = "", table: StudyTable | None = None) -> Store:
    """The store at `where`: a folder, or postgresql+psycopg://USER@HOST/DATABASE.

    Args:
        replica: which of several servers on one folder this is; a database needs none.
        table: of the studies that are judged, where it is at hand: it tells which one a row of a file means whose id
            an editor changed.

    Raises:
        FeedbackError: it cannot be used.
    """
    if "://" not in str(where):
        return FeedbackStore(where, replica, table)
    try:
        from model.feedback.sql import SqlStore

        return SqlStore(str(where))
    except ImportError:
        raise FeedbackError("Flags in PostgreSQL need two packages more: pip install 'betalens[postgres]'.") from None
