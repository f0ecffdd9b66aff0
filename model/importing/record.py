"""What a source of studies gives: a record for each radiograph or report that it holds, usable or not."""

import os
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

NOT_FRONTAL = "it is not a frontal view"


class ExclusionReason(StrEnum):
    """The kinds of reasons for which a record is left out."""

    ROW = "unreadable row"
    STUDY_ID = "study_id empty or not unique"
    MISSING = "missing image"
    UNREADABLE = "unreadable image"
    DUPLICATE = "duplicate image"
    REPORT = "no usable report"
    LABEL = "no label"
    MODALITY = "no radiograph"
    PART = "another part of the body"
    VIEW = "not a frontal view"
    HANGING = "not as a chest is read"


class Record(NamedTuple):
    """A study as its source states it.

    `image` is a path below the folder of the source; a study without one has a report alone. `label` joins findings
    by `|`, empty for none of them, and is None where the source does not say.
    """

    where: str  #: what names it in the report of the import: a line or a file
    study_id: str
    patient_id: str
    image: str
    report: str
    label: str | None
    split: str = ""  #: train, val, test, or empty where the source has none
    more: Mapping[str, str] = MappingProxyType({})  #: further columns of the table
    brought: str = ""  #: what the image is called where it is linked or copied; empty for as in the source
    unfit: tuple[ExclusionReason, str] | None = None  #: why its source says that it is no frontal film of a chest
    doubt: str = ""  #: what is to be looked at


class LeftOut(NamedTuple):
    """A record that is not imported."""

    where: str
    reason: ExclusionReason
    why: str


class Joined(NamedTuple):
    """A record that is part of another one's study."""

    where: str
    into: str  #: the `where` of the other


class Source(NamedTuple):
    """What is imported.

    Attributes:
        folder: what the paths of images start from.
        records: one by one, so that no more than a few are in memory.
        total: how many there are, for the progress bar.
        columns: the names of `Record.more`.
        notes: what was taken as meant, a clause each, once the records are read.
    """

    folder: Path
    records: Iterator[Record | LeftOut | Joined]
    total: int
    columns: tuple[str, ...] = ()
    notes: Callable[[], list[str]] = list


def files_below(folder: Path) -> list[str]:
    """The paths of all files below a folder, in the order of their names; what begins with a dot is left out."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        start = os.path.relpath(parent, folder)
        found += [os.path.normpath(os.path.join(start, name)) for name in names if not name.startswith(".")]
    return sorted(found)
