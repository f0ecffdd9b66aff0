"""A command of `betalens` is a module here with ORDER (its place in the help) and either `command`, the function that
does it, or `app`, a Typer of commands below it. It is found by itself; a name that Python reserves ends in `_`.
"""

import importlib
import pkgutil

import typer


def register(program: typer.Typer) -> None:
    """Add every command to the program."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    for module in sorted(modules, key=lambda m: m.ORDER):
        name = module.__name__.rpartition(".")[2].rstrip("_")
        if hasattr(module, "app"):
            program.add_typer(module.app, name=name)
        else:
            program.command(name)(module.command)
