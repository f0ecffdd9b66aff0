"""Which records of a source can be used: each is judged by itself, and its radiograph against those before it.

Radiographs are decoded by a thread a core, a few ahead of the one that is judged; none is kept.
"""

import hashlib
import os
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.errors import ImageError, ReportError
from model.importing.chest import doubt_by_pixels, unfit_by_header, unfit_by_pixels
from model.importing.record import ExclusionReason, Joined, LeftOut, Record, Source
from model.inputs import MAX_BYTES, read_film, read_report
from model.studies.names import is_missing
from model.studies.rows import EMPTY, Files
from model.studies.table import NOT_UNIQUE
from model.view import view_of

AHEAD = 2  # radiographs in memory, for each thread


class First(NamedTuple):
    """What is kept of the first record with certain pixels."""

    where: str
    labels: frozenset[str]
    report: int  #: a hash

    def beside(self, other: "First") -> str:
        """Where it stands, and in what another record with its pixels says something else."""
        if self.labels != other.labels:
            return f"{self.where}, which has other labels"
        return f"{self.where}, which has another report" if self.report != other.report else self.where


class Looked(NamedTuple):
    """A digest of a film's pixels as they are shown, at 8 bits; why it is no frontal film of a chest, and what is to be
    looked at."""

    digest: bytes
    unfit: tuple[ExclusionReason, str] | None = None
    doubt: str = ""


def screened(source: Source, files: Files, keep_all: bool = False) -> Generator[Record | LeftOut | Joined]:
    """The records of a source in their order, with reports as they are shown; what cannot be used, and why.

    Radiographs that are none of a chest, not frontal, or not as a chest is read, by what their source, their header or
    their pixels say, are left out. Two radiographs are duplicates if they show the same pixels at 8 bits, whatever
    their files: the first is kept.

    Args:
        keep_all: keep what is no frontal film of a chest, too.
    """
    first: dict[bytes, First] = {}
    ids: set[str] = set()
    for record, decoded in _decoded(source, files, keep_all):
        judgement = _compared(record, decoded, first, ids) if isinstance(record, Record) else record
        if isinstance(judgement, Record):
            ids.add(judgement.study_id)
        yield judgement


def _decoded(
    source: Source, files: Files, keep_all: bool
) -> Iterator[tuple[Record | LeftOut | Joined, Future[Looked] | None]]:
    threads = os.cpu_count() or 1
    waiting: deque[tuple[Record | LeftOut | Joined, Future[Looked] | None]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for record in source.records:
            result = _screened(record, files, keep_all) if isinstance(record, Record) else record
            film = result.image if isinstance(result, Record) else ""
            waiting.append((result, pool.submit(_look_at, source.folder / film, keep_all) if film else None))
            while len(waiting) > AHEAD * threads:
                yield waiting.popleft()
        yield from waiting


def _screened(record: Record, files: Files, keep_all: bool) -> Record | LeftOut:
    """What can be said without decoding."""
    if record.unfit and not keep_all:
        return LeftOut(record.where, *record.unfit)
    if record.label is None or (record.label.strip() and is_missing(record.label)):
        return LeftOut(record.where, ExclusionReason.LABEL, "its label is missing")
    try:
        record = record._replace(report=read_report(record.report))
    except ReportError as error:
        return LeftOut(record.where, ExclusionReason.REPORT, str(error))
    if not record.image:
        neither = LeftOut(record.where, ExclusionReason.REPORT, "it has neither image nor report")
        return record if record.report else neither
    found, why = files.find(record.image)
    if why:
        return LeftOut(record.where, ExclusionReason.UNREADABLE if why == EMPTY else ExclusionReason.MISSING, why)
    return record._replace(image=found)


def _look_at(path: Path, keep_all: bool) -> Looked:
    """What there is to say of a film.

    Raises:
        ImageError: they cannot be read.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ImageError(f"The file has {size:,} bytes and at most {MAX_BYTES:,} are read: export it smaller.")
        film = read_film(path.read_bytes(), alone=False)
    except OSError as error:
        raise ImageError(f"The file cannot be read: {error.strerror}.") from None
    shown = np.round(film.pixels * 255).astype(np.uint8)
    digest = hashlib.blake2b(shown.tobytes(), digest_size=16, salt=repr(shown.shape).encode()).digest()
    if keep_all:
        return Looked(digest)
    if unfit := unfit_by_header(film.contradiction):
        return Looked(digest, unfit)
    kind = view_of(film.pixels).kind
    return Looked(digest, unfit_by_pixels(kind), doubt_by_pixels(kind))


def _compared(
    record: Record, decoded: Future[Looked] | None, first: dict[bytes, First], ids: set[str]
) -> Record | LeftOut:
    """What can be said from the pixels and the records before."""
    try:
        looked = decoded.result() if decoded else Looked(b"")
    except ImageError as error:
        return LeftOut(record.where, ExclusionReason.UNREADABLE, str(error))
    if looked.unfit:
        return LeftOut(record.where, *looked.unfit)
    assert record.label is not None  # see `_screened`
    said = First(record.where, frozenset(record.label.split("|")), hash(record.report))
    if looked.digest in first:
        other = first[looked.digest].beside(said)
        return LeftOut(record.where, ExclusionReason.DUPLICATE, f"its pixels are those of {other}")
    if not record.study_id or record.study_id in ids:
        return LeftOut(record.where, ExclusionReason.STUDY_ID, NOT_UNIQUE)
    if looked.digest:
        first[looked.digest] = said
    return record._replace(doubt=looked.doubt)
