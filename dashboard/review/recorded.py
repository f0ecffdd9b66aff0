"""What was said of a case when it was reviewed, as the page shows it again."""

from typing import Any

from dashboard.cases.case import OpenCase
from explain.methods.words import split_words
from model.feedback import Flag


def as_recorded(flag: Flag, case: OpenCase, digest: str) -> dict[str, Any]:
    """The judgement for the stage that shows `case`; words by their place among those of the report.

    Args:
        digest: of the model that explains the case now.
    """
    words = split_words(flag.report, case.encoded.read_to)
    return {
        "time": flag.time_utc,
        "reviewer": flag.reviewer,
        "verdict": flag.verdict,
        "blind": flag.blind,
        "beta": flag.beta,
        "model": flag.model_digest,
        "same_model": flag.model_digest == digest,
        "corrected": list(flag.corrected_labels),
        "comment": flag.comment,
        "regions": [list(box) for box in flag.wrong_regions],
        "finding_boxes": [list(box) for box in flag.finding_boxes],
        "words": [
            i for i, w in enumerate(words) if any(w.start < end and start < w.end for start, end in flag.wrong_words)
        ],
    }
