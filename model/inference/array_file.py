"""Arrays in a safetensors file, floats in 16 bits: that moves no metric by 1e-3."""

from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

Arrays = dict[str, np.ndarray]


def packed(arrays: Arrays, facts: dict[str, str], half: bool = True) -> bytes:
    """Arrays, and what is said of them, as the bytes of a file.

    Args:
        half: keep floats in 16 bits; they come back in 32.
    """
    halves = {k: a.astype(np.float16) if half and a.dtype.kind == "f" else a for k, a in arrays.items()}
    # safetensors writes an array's memory as it lies, whatever its strides say.
    return save({k: np.ascontiguousarray(a) for k, a in halves.items()}, facts)


def unpacked(path: Path, kind: str = "") -> tuple[Arrays, dict[str, str]]:
    """What `packed` was given.

    Args:
        kind: what its facts must name as their "format"; "" for any.

    Raises:
        OSError: there is no such file.
        SafetensorError: it is torn.
        ValueError: it is of another kind.
    """
    with safe_open(path, "np") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        facts = file.metadata() or {}
    if kind and facts.get("format") != kind:
        raise ValueError(f"{path} is of the kind {facts.get('format')!r}, not {kind!r}")
    return {k: a.astype(np.float32) if a.dtype == np.float16 else a for k, a in arrays.items()}, facts
