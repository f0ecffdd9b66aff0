"""Arrays that are computed once for a pair of model and table: embeddings of its studies, the atlas.

Those of the table that a model was trained on come in its checkpoint; others are kept in the user's cache folder.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from model.data import StudyTable
from model.engine import Engine

Arrays = dict[str, np.ndarray]


def kept_arrays(
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
    key = [name, (of or engine.digest)[:16], table.digest[:16], *([_digest(settings)] if settings else [])]
    cached = user_cache_path("betalens") / f"{'-'.join(key)}.safetensors"
    for path in (engine.folder / f"{name}.safetensors" if engine.folder else None, cached):
        if path and (found := read_arrays(path, table, settings)):
            return found
    arrays = compute()
    _write(cached, pack_arrays(arrays, table, settings, half))
    return arrays


def pack_arrays(arrays: Arrays, table: StudyTable, settings: str = "", half: bool = True) -> bytes:
    """Arrays as a safetensors file that names its table, floats in 16 bits (which moves no metric by 1e-3)."""
    halves = {k: a.astype(np.float16) if half and a.dtype.kind == "f" else a for k, a in arrays.items()}
    # safetensors writes an array's memory as it lies, whatever its strides say.
    stored = {k: np.ascontiguousarray(a) for k, a in halves.items()}
    return save(stored, metadata={"table": table.digest, "settings": settings})


def read_arrays(path: Path, table: StudyTable, settings: str = "") -> Arrays | None:
    """The arrays in a file that `pack_arrays` made of this table, with these settings; None where there is no such
    file."""
    try:
        with safe_open(path, "np") as file:
            facts = file.metadata()
            if facts["table"] != table.digest or facts.get("settings", "") != settings:
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError, KeyError, TypeError):
        return None  # not there, or torn: it is computed again
    return {k: a.astype(np.float32) if a.dtype == np.float16 else a for k, a in arrays.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(scratch, path)
