"""Which store an address means."""

from pathlib import Path

from model.errors import FeedbackError
from model.feedback.folder import FeedbackStore
from model.feedback.store import Store
from model.studies.table import StudyTable


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
