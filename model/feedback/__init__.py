"""What reviewers think of predictions: kept so that nothing acknowledged is lost, and read back as it was typed.

record.py says what a flag is and store.py what a store of them does; folder.py is the one in files (cells.py how a row
is written, csv_file.py how a file survives, films.py how a film is kept), sql.py the one in PostgreSQL.
"""

from model.feedback.folder import FeedbackStore
from model.feedback.record import EVIDENCE, PURGED, UNDO, VERDICTS, Flag, new_flag_id, standing, utc_now
from model.feedback.store import Store, as_csv, open_store

__all__ = [
    "EVIDENCE",
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
