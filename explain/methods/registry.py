"""The methods of explanation, found by themselves.

A method is a module in `explain/methods/image/` or `explain/methods/report/`: its docstring is the help shown in the
page (what it is, its cost, its limits), `TITLE` its name there, `ORDER` its place, and
`explain(batch) -> list[Attribution]` does the work, for cases that have the modality. One that looks for
evidence for the finding alone, never against it, says `ONE_SIDED = True`.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from explain.methods.base import Attribution, Batch, Question
from model.errors import ChoiceError
from model.inference.encoding import MODALITIES


class Method(NamedTuple):
    """One way to explain one modality."""

    name: str
    title: str
    help: str
    one_sided: bool  # it looks for evidence for the finding alone
    explain_batch: Callable[[Batch], list[Attribution]]

    def explain(self, question: Question) -> Attribution:
        """The answer to one question."""
        return self.explain_batch(Batch((question,)))[0]


@cache
def methods_of(modality: str) -> dict[str, Method]:
    """The methods for `image` or `report`, by name, in the order in which they are offered."""
    package = importlib.import_module(f"{__package__}.{modality}")
    modules = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    found = sorted(modules, key=lambda m: m.ORDER)
    return {name: _method(name, module) for module in found for name in [module.__name__.rpartition(".")[2]]}


def method(modality: str, name: str) -> Method:
    """The method of that name.

    Raises:
        ChoiceError: there is none.
    """
    known = methods_of(modality)
    if name not in known:
        raise ChoiceError(f"Method {name!r} is unknown for the {modality}; expected one of {', '.join(known)}.")
    return known[name]


def chosen_methods(image: list[str] | None, report: list[str] | None) -> dict[str, tuple[str, ...]]:
    """The methods that were named of each modality: all where none was, and no method where `none` was.

    Raises:
        ChoiceError: one is unknown.
    """
    chosen = {}
    for modality, names in zip(MODALITIES, (image, report), strict=True):
        if names != ["none"]:
            chosen[modality] = tuple(method(modality, n).name for n in names or methods_of(modality))
    return chosen


def _method(name: str, module) -> Method:
    # A line break within a paragraph of a docstring says nothing.
    paragraphs = (inspect.getdoc(module) or "").split("\n\n")
    text = "\n\n".join(" ".join(p.split()) for p in paragraphs)
    return Method(name, module.TITLE, text, getattr(module, "ONE_SIDED", False), module.explain)
