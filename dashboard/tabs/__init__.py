"""A tab is a module here with ORDER (a number), TITLE (a key of assets/i18n) and `build(context)`. It is found by
itself."""

import importlib
import pkgutil
from types import ModuleType


def discover() -> list[ModuleType]:
    """Every tab, in order."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return sorted(modules, key=lambda module: module.ORDER)


def name(tab: ModuleType) -> str:
    """The id of a tab, by which `gr.Tabs(selected=…)` shows it."""
    return tab.__name__.rpartition(".")[2]
