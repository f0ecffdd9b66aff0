"""Where studies come from, a file a source, found by itself.

A source is a module here with `open_source(path, reports, progress) -> Source`; its docstring is its help on the
command line. `PATH` says what the path is; `REPORTS` what `--reports` is, where it takes that. `progress` wraps a loop
over all files, where it takes one to know how many records there are.
"""

import importlib
import pkgutil
from types import ModuleType


def sources() -> dict[str, ModuleType]:
    """Every source by its name."""
    return {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)}
