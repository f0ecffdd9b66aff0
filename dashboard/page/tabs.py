"""A tab is the module `tab` of a room of `dashboard`, with ORDER (a number), TITLE (a key of assets/i18n) and
`build(context)`. It is found by itself."""

import importlib
import importlib.util
import pkgutil
from types import ModuleType

import dashboard


def discover() -> list[ModuleType]:
    """Every tab, in order."""
    rooms = [f"{dashboard.__name__}.{found.name}" for found in pkgutil.iter_modules(dashboard.__path__) if found.ispkg]
    modules = [importlib.import_module(f"{room}.tab") for room in rooms if importlib.util.find_spec(f"{room}.tab")]
    return sorted(modules, key=lambda module: module.ORDER)


def name(tab: ModuleType) -> str:
    """The id of a tab, by which `gr.Tabs(selected=…)` shows it: the name of its room."""
    return tab.__name__.split(".")[-2]
