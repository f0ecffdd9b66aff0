"""A report, as a person sent it, made safe to show and to encode."""

import hashlib
import re
import unicodedata

from model.errors import ReportError

MAX_WORDS = 2_000  # ten times a long radiology report; the text encoder reads far fewer
MAX_CHARACTERS = 20_000  # the same limit for text that is not divided by spaces
INVISIBLE = {"Cc", "Cf", "Cs"}  # controls, format characters (bidi, zero-width, tags), lone surrogates


def report_name(report: str) -> str:
    """A name for a report that was sent without a film, which tells nobody what stands in it."""
    return f"report-{hashlib.sha256(report.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def read_report(text: str) -> str:
    """Return the report as it is both shown and encoded.

    Line ends become "\\n", the text NFC. Characters that are not seen (controls, zero-width, direction overrides)
    are removed: a text encoder drops them, so what a reader sees would not be what was encoded. Nothing else is
    changed, except that a report of blank space alone is no report: "".

    Raises:
        ReportError: not text, or longer than MAX_WORDS words or MAX_CHARACTERS characters.
    """
    if not isinstance(text, str):
        raise ReportError(f"The report came as {type(text).__name__}, not as text: send a string.")
    if is_too_long(text):
        words = sum(1 for _ in re.finditer(r"\S+", text))
        raise ReportError(
            f"The report has {words:,} words and {len(text):,} characters; at most {MAX_WORDS:,} words and "
            f"{MAX_CHARACTERS:,} characters are read: send the findings and the impression only."
        )
    text = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", text)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in INVISIBLE)
    return unicodedata.normalize("NFC", text) if text.strip() else ""


def is_too_long(text: str) -> bool:
    """Whether a report has more than MAX_WORDS words or MAX_CHARACTERS characters."""
    if len(text) <= 2 * MAX_WORDS:  # a word and the blank after it take two characters at least
        return False
    return len(text) > MAX_CHARACTERS or sum(1 for _ in re.finditer(r"\S+", text)) > MAX_WORDS
