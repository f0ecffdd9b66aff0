"""What a purge takes out beyond the rows of the store, and what it cannot: each named with where it lies."""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from model.evaluation.held_out import OLD_ANSWERS
from model.feedback import Store
from model.finetuning.versions import LEARNT, Versions
from model.inference.array_cache import kept_files
from model.inference.embeddings import REFERENCE
from model.inference.provenance import FILE

SETTLED = 600  # seconds after which a file of Gradio's is nobody's any more
DERIVED = (f"{REFERENCE}.safetensors", FILE, OLD_ANSWERS)


class PurgeResult(NamedTuple):
    """What a purge did."""

    rows: int
    removed: list[str]
    left: list[str]


def purge(store: Store, study_id: str, flag_id: str, models: Path | None) -> PurgeResult:
    """Take out of a store, and of what was derived, all that is kept of a case or of one verdict.

    Args:
        models: the folder of versions; None where there is none.

    Raises:
        FeedbackError: nothing is named, or the store cannot be written.
        CheckpointError: what a version says of itself cannot be read.
    """
    found = store.take_out(study_id, flag_id)
    removed = [*(f"verdict {flag}" for flag in found.flags), *found.files]
    left = [str(trouble) for trouble in store.read().troubles]
    if study_id:
        removed += _forget(kept_files(), "vectors and maps, which are computed again for the studies that are left")
    removed += _forget(_abandoned(), "sent to the page by an older version")
    if models and models.is_dir():
        left += _versions(Versions(models), study_id, {*found.flags, flag_id} - {""})
    if study_id:
        left.append("studies.csv and films that you gave the server, if the study is in them: take it out there.")
    left.append(
        "pages that have the case open, until they are closed; the audit log, which has ids alone; backups, and"
    )
    left[-1] += " what was exported; of a database, its write-ahead log, and its pages until VACUUM."
    return PurgeResult(found.rows, removed, left)


def study_digest(study_id: str) -> str:
    """A study, in what is kept of a fine-tuning: enough to tell whether it learnt from it, and no more."""
    return hashlib.sha256(study_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _versions(versions: Versions, study_id: str, flags: set[str]) -> list[str]:
    """Which versions learnt from what was purged, and which hold vectors of their table's studies."""
    origins = {name: versions.origin(name) for name in versions.names()}
    learnt, untold = [], []
    for name, origin in origins.items():
        source = origin.get(LEARNT)
        known = isinstance(source, dict)
        its = known and (
            flags & {*source.get("flags", ())} or (study_id and study_digest(study_id) in source.get("studies", ()))
        )
        same = origin.get("digest") in {origins[other].get("digest") for other in learnt}
        if its or same or origin.get("parent") in learnt:
            learnt.append(name)
        elif not known and origin.get("how") == "fine-tuned":
            untold.append(name)
    said = []
    if learnt:
        said.append(
            f"what {_list(learnt)} learnt from it: {_way_out(versions, [n for n in origins if n not in learnt])}"
        )
    if untold:
        said.append(f"{_list(untold)} may have learnt from it: made before versions said from what.")
    holding = [n for n in origins if study_id and any((versions.path(n) / file).exists() for file in DERIVED)]
    if holding:
        said.append(
            f"vectors and answers, without ids, of all studies of a table in {_list(holding)}: where the study was in "
            "that table, the version was trained or measured with it; make it anew from a table without it."
        )  # fmt: skip
    return said


def _way_out(versions: Versions, clean: list[str]) -> str:
    current = versions.current()
    if not clean:
        return f"train anew without it, then remove the folders in {versions.folder}."
    if current in clean:
        return f"{current} is served and did not; remove the folders in {versions.folder}."
    return (
        f"`betalens versions promote {clean[-1]}` goes back to one that did not; fine-tune that one again, then remove "
        f"the folders in {versions.folder}."
    )


def _list(names: list[str]) -> str:
    return f"version{'s' * (len(names) > 1)} {', '.join(names)}"


def _abandoned() -> list[Path]:
    """Uploads that broke off and pages' states that older versions left where Gradio keeps files."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    old = time.time() - SETTLED
    return [
        path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_mtime < old
    ]


def _forget(files: Iterable[Path], what: str) -> list[str]:
    gone = 0
    folder = None
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            gone, folder = gone + 1, path.parent
    return [f"{gone} files in {folder} ({what})"] if gone else []
