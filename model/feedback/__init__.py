"""What reviewers think of predictions: kept so that nothing acknowledged is lost, and read back as it was typed.

record.py is the one model of a flag, store.py says what a store of them does and open.py which one an address means;
folder.py is the one in files (cells.py how a row is written, table.py how rows are read of whatever became of a file,
ids.py which study one means, csv_file.py how a file survives, turns.py who may write, films.py how a film is kept),
sql.py the one in PostgreSQL (migrations/ how its tables came to be as they are); trouble.py is what stands in the way
of reading.
"""

from model.feedback.folder import FeedbackStore
from model.feedback.open import open_store
from model.feedback.record import (
    EVIDENCE,
    PURGED,
    UNDO,
    VERDICTS,
    Flag,
    FlagId,
    Judgement,
    Verdict,
    new_flag_id,
    standing,
    utc_now,
)
from model.feedback.store import Store, as_csv

__all__ = [
    "EVIDENCE",
    "PURGED",
    "UNDO",
    "VERDICTS",
    "FeedbackStore",
    "Flag",
    "FlagId",
    "Judgement",
    "Store",
    "Verdict",
    "as_csv",
    "new_flag_id",
    "open_store",
    "standing",
    "utc_now",
]
