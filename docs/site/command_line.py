"""The page of the command line, from what Typer is told: the commands' signatures and docstrings."""

import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any

import typer
from typer.models import ArgumentInfo, OptionInfo

from dashboard.cli import app
from docs.site.markdown import between, code, prose, table

KINDS = {bool: "", float: "number", int: "whole number", Path: "path", str: "text"}
HEADS = ("", "takes", "default", "what it does")


def page() -> str:
    """Each command with its arguments and options."""
    return "\n\n".join(["# Command line", prose(app.info.help), *_commands(app, "betalens")])


def _commands(program: typer.Typer, words: str) -> Iterator[str]:
    for found in program.registered_commands:
        name = f"{words} {found.name or found.callback.__name__}"
        yield f"{'#' * len(name.split())} {name}"
        yield prose(found.help or found.callback.__doc__)
        yield table(HEADS, _rows(found.callback))
    for group in program.registered_groups:
        yield f"## {words} {group.name}"
        yield prose(group.typer_instance.info.help)
        yield from _commands(group.typer_instance, f"{words} {group.name}")


def _rows(command: typing.Callable) -> Iterator[tuple[str, ...]]:
    hints = typing.get_type_hints(command, include_extras=True)
    for parameter in inspect.signature(command).parameters.values():
        kind, info = typing.get_args(hints[parameter.name])
        if info.hidden:
            continue
        said = info.help + (f" `{info.envvar}` in the environment says it as well." if info.envvar else "")
        yield _name(parameter, kind, info), _takes(kind, info), _default(parameter), said


def _name(parameter: inspect.Parameter, kind: Any, info: OptionInfo | ArgumentInfo) -> str:
    if isinstance(info, ArgumentInfo):
        return code(parameter.name.upper())
    dashed = parameter.name.strip("_").replace("_", "-")
    # Within Annotated, Typer takes an option's own name for what it calls the default.
    named = [word for word in (info.default, *(info.param_decls or ())) if str(word).startswith("-")]
    return ", ".join(map(code, named or [f"--{dashed}", *([f"--no-{dashed}"] if kind is bool else [])]))


def _takes(kind: Any, info: OptionInfo | ArgumentInfo) -> str:
    if isinstance(kind, UnionType):
        (kind,) = (k for k in typing.get_args(kind) if k is not NoneType)
    if typing.get_origin(kind) is list:
        return f"{KINDS[typing.get_args(kind)[0]]}, any number of times"
    return ", ".join(filter(None, (KINDS[kind], between(info.min, info.max))))


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return "required"
    return "" if value is None or value is False or value == "" else code(value)
