"""What reviewers think, one flag a row, in a CSV that a spreadsheet, pandas and fine-tuning all read.

The file begins with a byte-order mark: without it Excel takes UTF-8 for the local code page and garbles β and 肺;
pandas skips it. A row ends in CR LF and a cell never contains CR (it is written as \\u000d), so the last CR LF in the
file is the end of the last whole row: a row that a crash tore is found by reading the tail alone, and cut off by the
next append. In-cell line breaks stay LF, as a spreadsheet has them.
"""

import contextlib
import csv
import fcntl
import io
import json
import math
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from model.errors import FeedbackError

SCHEMA = 1  # goes up when a column changes its meaning
VERDICTS = ("agree", "disagree", "unsure")
EVIDENCE = ("image", "text", "both", "neither")
MAX_ROW_BYTES = 4 * 2**20  # far above any comment; keeps one request from filling the disk
TAIL_BLOCK = 64 * 1024
END = b"\r\n"

csv.field_size_limit(2**31 - 1)  # the default of 131,072 characters would make one long report hide every row


@dataclass(frozen=True)
class Flag:
    """A reviewer's judgement of one prediction. Probabilities are kept to 6 decimals.

    Raises:
        FeedbackError: a value that could not be stored and read back.
    """

    flag_id: str  #: 1 to 64 letters, digits, "-" or "_"; the same id twice is one flag
    time_utc: str  #: ISO 8601
    reviewer: str
    study_id: str
    image_sha256: str
    image_name: str
    report: str
    model_digest: str
    beta: float  #: weight of the image, 0 to 1
    probabilities: dict[str, float] = field(hash=False)  #: finding to probability, as it was shown
    verdict: str  #: one of VERDICTS
    corrected_labels: tuple[str, ...] = ()
    wrong_evidence: str = "neither"  #: one of EVIDENCE
    comment: str = ""
    app_version: str = ""

    def __post_init__(self):
        if not isinstance(self.flag_id, str) or not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", self.flag_id):
            raise FeedbackError("The flag was not saved: its id must be 1 to 64 letters, digits, '-' or '_'.")
        _require("verdict", self.verdict, VERDICTS)
        _require("wrong evidence", self.wrong_evidence, EVIDENCE)
        try:
            probabilities = {str(name): round(float(p), 6) for name, p in self.probabilities.items()}
            object.__setattr__(self, "probabilities", probabilities)
            object.__setattr__(self, "beta", float(self.beta))
        except (TypeError, ValueError, AttributeError):
            raise FeedbackError("The flag was not saved: β and the probabilities must be numbers.") from None
        if not 0 <= self.beta <= 1 or not all(map(math.isfinite, self.probabilities.values())):
            raise FeedbackError("The flag was not saved: β must lie in 0 to 1 and every probability be finite.")
        if isinstance(self.corrected_labels, str):
            raise FeedbackError("The flag was not saved: the corrected labels must be a list of names, not one text.")
        object.__setattr__(self, "corrected_labels", tuple(map(str, self.corrected_labels)))
        for name in TEXT:
            if not isinstance(getattr(self, name), str):
                raise FeedbackError(f"The flag was not saved: its {name} must be text.")


COLUMNS = ("flag_id", "schema", *(f.name for f in fields(Flag)[1:]))  # the id first: it is found without parsing a row
TEXT = [f.name for f in fields(Flag) if f.type is str]
HEADER = b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + END


def new_flag_id() -> str:
    """A fresh id: 32 hexadecimal digits. Make it when the form opens, so that a retry carries the same one."""
    return uuid.uuid4().hex


def utc_now() -> str:
    """The time, as in 2026-01-31T12:00:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FeedbackStore:
    """Flags in `folder`/flags.csv; safe for many threads and processes on one machine.

    Raises:
        FeedbackError: the folder cannot be made.
    """

    def __init__(self, folder: str | Path):
        self.path = Path(folder) / "flags.csv"
        # Ids in the first _seen_to bytes of the file that _known tells from another; touched under the lock only.
        self._seen: set[str] = set()
        self._seen_to = 0
        self._known: tuple[int, bytes] | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FeedbackError(f"The feedback folder cannot be made: {error.strerror}; name another one.") from None

    def append(self, flag: Flag) -> str:
        """Save `flag` and return its id once it is on the disk. An id already saved is acknowledged, not repeated.

        Raises:
            FeedbackError: not saved; the file is as it was.
        """
        row = _encode(flag)
        try:
            with self._locked() as file:
                end = _cut_torn_tail(file)
                self._look_up_ids(file, end)
                if flag.flag_id in self._seen:
                    os.fsync(file)  # whoever wrote it may have died before its own
                else:
                    _write_or_undo(file, row if end else HEADER + row, end)
                    if end == 0:
                        _sync_folder(self.path.parent)  # or a power cut could take the new file's name with it
        except OSError as error:
            raise FeedbackError(
                f"The flag was not saved: {error.strerror}; have that put right, then send it again."
            ) from None
        return flag.flag_id

    def rows(self) -> list[Flag]:
        """Every flag, in the order of saving.

        Raises:
            FeedbackError: the file was changed by hand into something that is not a table of flags.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FeedbackError(f"The feedback cannot be read: {error.strerror}.") from None
        if HEADER.startswith(data):  # nothing yet, or torn within the header
            return []
        _check_header(data[: len(HEADER)])
        return list(_decode_all(data[: data.rfind(END) + len(END)]))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open and locked. Each call opens it anew, so the lock excludes threads as well as processes."""
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # report text: the owner alone
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._is_current(file):
                    yield file
                    return
            finally:
                os.close(file)

    def _is_current(self, file: int) -> bool:
        """Whether `file` still has the name; a spreadsheet may have replaced it while we waited for the lock."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(file))
        except FileNotFoundError:
            return False

    def _look_up_ids(self, file: int, end: int) -> None:
        """Read what was appended, by anyone, since the last look."""
        known = os.fstat(file).st_ino, os.pread(file, 64, len(HEADER))  # inode numbers are used again
        if known != self._known or end < self._seen_to:
            self._seen, self._seen_to, self._known = set(), 0, known
        new = os.pread(file, end - self._seen_to, self._seen_to)
        self._seen.update(row.split(b",", 1)[0].decode("ascii", "replace") for row in new.split(END))
        self._seen_to = end


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise FeedbackError(f"The flag was not saved: its {name} must be one of {', '.join(allowed)}.")


def _check_header(start: bytes) -> None:
    if start != HEADER:
        raise FeedbackError(
            "flags.csv does not begin with the columns that this version writes: another program or version "
            "changed it; move it aside, and a new one is begun."
        )


def _cut_torn_tail(file: int) -> int:
    """Cut what follows the last whole row; return the length that is left."""
    size = os.fstat(file).st_size
    if size == 0:
        return 0
    start = os.pread(file, len(HEADER), 0)
    if size < len(HEADER) and HEADER.startswith(start):  # torn within the header
        os.ftruncate(file, 0)
        return 0
    _check_header(start)
    position, block = size, b""
    while END not in block:  # ends at the latest at the header's own end
        position = max(0, position - TAIL_BLOCK)
        block = os.pread(file, min(TAIL_BLOCK + len(END), size - position), position)
    end = position + block.rfind(END) + len(END)
    if end < size:
        os.ftruncate(file, end)
    return end


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_or_undo(file: int, data: bytes, end: int) -> None:
    try:
        written = 0
        while written < len(data):  # a disk that fills up writes short first and fails at the next call
            written += os.pwrite(file, data[written:], end + written)
        os.fsync(file)
    except BaseException:
        with contextlib.suppress(OSError):  # if even this fails, the next append cuts the torn row
            os.ftruncate(file, end)
        raise


def _encode(flag: Flag) -> bytes:
    values = dict(zip((f.name for f in fields(Flag)), astuple(flag), strict=True)) | {"schema": SCHEMA}
    values["beta"] = repr(flag.beta)
    values["probabilities"] = json.dumps(flag.probabilities, ensure_ascii=False)
    values["corrected_labels"] = json.dumps(flag.corrected_labels, ensure_ascii=False)
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=END.decode()).writerow(_escape(str(values[name])) for name in COLUMNS)
    row = line.getvalue().encode()
    if len(row) > MAX_ROW_BYTES:
        raise FeedbackError(f"The flag was not saved: it has {len(row):,} bytes, at most {MAX_ROW_BYTES:,} are kept.")
    return row


def _decode_all(data: bytes) -> Iterator[Flag]:
    number = 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        for number, cells in enumerate(reader, 1):
            if number == 1:
                continue
            values = dict(zip(COLUMNS, map(_unescape, cells), strict=True))
            if values.pop("schema") != str(SCHEMA):
                raise ValueError("written by another version")
            values["probabilities"] = json.loads(values["probabilities"])
            values["corrected_labels"] = tuple(json.loads(values["corrected_labels"]))
            values["beta"] = float(values["beta"])
            yield Flag(**values)
    except (ValueError, TypeError, csv.Error, FeedbackError):  # no cause in the text: it could quote a report
        raise FeedbackError(f"Row {number} of flags.csv is not a flag of this version: restore or remove it.") from None


# A cell that begins like a formula would run in a spreadsheet, so it gets an apostrophe in front, and so does one that
# begins with an apostrophe: reading takes exactly one off. Characters that CSV or UTF-8 cannot carry, and the
# backslash that marks them, are written as \uXXXX and \\.
FORMULA = tuple("'=+-@\t\n＝＋－＠")
UNSAFE = re.compile("[\\\\\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def _escape(text: str) -> str:
    text = UNSAFE.sub(lambda m: "\\\\" if m[0] == "\\" else f"\\u{ord(m[0]):04x}", text)
    return "'" + text if text.startswith(FORMULA) else text


def _unescape(cell: str) -> str:
    text = cell.removeprefix("'")
    return ESCAPED.sub(lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)), text)
