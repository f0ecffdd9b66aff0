"""What reviewers think of predictions: kept so that nothing acknowledged is lost, and read back as it was typed.

record.py says what a flag is, cells.py how one is written, csv_file.py how a file survives, folder.py is the store.
"""

from model.feedback.folder import FeedbackStore
from model.feedback.record import EVIDENCE, PURGED, UNDO, VERDICTS, Flag, new_flag_id, standing, utc_now

__all__ = ["EVIDENCE", "PURGED", "UNDO", "VERDICTS", "FeedbackStore", "Flag", "new_flag_id", "standing", "utc_now"]
