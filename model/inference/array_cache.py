"""A cache on disk for arrays of a model and a table: embeddings of its studies, the atlas.

Those of the table that a model was trained on come in its checkpoint; others are kept in the user's cache folder.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path
from safetensors import SafetensorError

from model.inference.array_file import Arrays, packed, unpacked
from model.inference.engine import Engine
from model.storage.files import atomic_write
from model.studies.table import StudyTable

log = logging.getLogger(__name__)

CACHE_FILE = re.compile(r".+-[0-9a-z]{1,16}(-[0-9a-f]{16}){1,2}\.safetensors")


def cached_arrays(
    engine: Engine,
    table: StudyTable,
    name: str,
    compute: Callable[[], Arrays],
    of: str | None = None,
    settings: str = "",
    half: bool = True,
) -> Arrays:
    """The arrays called `name` of a model and table, from where they were kept, or computed and kept.

    Args:
        of: digest of the part of the model that they depend on; None for all of it.
        settings: what else they depend on; those kept with others are not taken.
        half: keep floats in 16 bits; they come back in 32.
    """
    key = [name, (of or engine.digest)[:16], table.digest[:16]]
    if settings:
        key.append(hashlib.sha256(settings.encode()).hexdigest()[:16])
    cached = user_cache_path("betalens") / f"{'-'.join(key)}.safetensors"
    for path in (engine.folder / f"{name}.safetensors" if engine.folder else None, cached):
        if path and (found := read_arrays(path, table, settings)):
            return found
    arrays = compute()
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(cached, pack_arrays(arrays, table, settings, half))
    except OSError as error:
        log.warning("What was computed is used, and computed again next time: %s (%s).", cached.parent, error.strerror)
    return arrays


def kept_files() -> list[Path]:
    """The files in the user's cache that hold arrays of any model and table."""
    return sorted(p for p in user_cache_path("betalens").glob("*.safetensors") if CACHE_FILE.fullmatch(p.name))


def pack_arrays(arrays: Arrays, table: StudyTable, settings: str = "", half: bool = True) -> bytes:
    """Arrays as a file that names its table; `half` as in `cached_arrays`."""
    return packed(arrays, {"table": table.digest, "settings": settings}, half)


def read_arrays(path: Path, table: StudyTable, settings: str = "") -> Arrays | None:
    """The arrays in a file that `pack_arrays` made of this table, with these settings; None where there is no such
    file."""
    try:
        arrays, facts = unpacked(path)
    except (OSError, SafetensorError):
        return None  # not there, or torn: it is computed again
    return arrays if (facts.get("table"), facts.get("settings", "")) == (table.digest, settings) else None
