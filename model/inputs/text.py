"""What encoding the bytes of a text are in, as far as they tell, and what they are where they are no text."""

import codecs

from model.errors import ReportError

# First bytes of what is handed over as a text by mistake.
NO_TEXT = {
    b"PK\x03\x04": "a zip archive, as Word and Excel write their documents",
    b"\xd0\xcf\x11\xe0": "a document of an older Word or Excel",
    b"%PDF": "a PDF",
    b"{\\rtf": "a document in RTF",
    b"\x1f\x8b": "compressed by gzip",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
}
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
WINDOWS = "cp1252"
LOOKED_AT = 65_536  # bytes from which an encoding without a mark is guessed
ODD = 0.3  # share of characters beyond ASCII above which a text in Windows-1252 is unlikely to be one
CONTROLS = 0.02  # share of control characters above which a text is none
CALLED = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", WINDOWS: "Windows-1252"}


def kind_of_text(data: bytes) -> str | None:
    """What bytes are that are certainly no text; None where they may be one."""
    return next((what for start, what in NO_TEXT.items() if data.startswith(start)), None)


def unicode_of(data: bytes) -> tuple[str, int]:
    """The form of Unicode that bytes are in, UTF-8 where nothing says otherwise, and how long their mark of it is.

    Without a mark, UTF-16 is told by the zeros in every other byte of Latin text.
    """
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return encoding, len(mark)
    start = data[: LOOKED_AT - LOOKED_AT % 2]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) / 8 and min(even, odd) < max(even, odd) / 8:
        return ("utf-16-be" if even > odd else "utf-16-le"), 0
    return "utf-8", 0


def is_windows(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 read as a text of a Western language in Windows-1252."""
    try:
        text = data.decode(WINDOWS)
    except UnicodeDecodeError:
        return False
    beyond = sum(not c.isascii() for c in text)
    return all(c.isprintable() or c.isspace() for c in text) and beyond <= ODD * len(text)


def decode_text(data: bytes) -> tuple[str, str]:
    """A text from its bytes, and the encoding that it is in: Unicode, or else Windows-1252 where that is likely.

    Raises:
        ReportError: they are no text, or one in another encoding.
    """
    if what := kind_of_text(data):
        raise ReportError(f"The file is no text but {what}: save it as plain text in UTF-8.")
    encoding, mark = unicode_of(data)
    try:
        text = data[mark:].decode(encoding)
    except UnicodeDecodeError:
        if not is_windows(data):
            raise ReportError("The file is no text, or not in UTF-8: save it as plain text in UTF-8.") from None
        return data.decode(WINDOWS), CALLED[WINDOWS]
    if sum(not c.isprintable() and not c.isspace() for c in text) > CONTROLS * len(text):
        raise ReportError("The file is no text, as it is full of control characters: save it as plain text in UTF-8.")
    return text, CALLED[encoding]
