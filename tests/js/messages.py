"""Writes tests/js/message_types.py as types for the page's scripts. Run it after a change there:

python tests/js/messages.py
"""

import inspect
import sys
import types
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from js import message_types  # noqa: E402 (found by the line before)

OUT = ROOT / "assets" / "js" / "lib" / "messages.d.ts"
HEAD = "// Written by tests/js/messages.py from tests/js/message_types.py: change it there.\n"
LINE, NEXT = 120, "\n    | "
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript() -> str:
    """The text of the file."""
    found = dict.fromkeys(value for value in vars(message_types).values() if _is_record(value))
    return HEAD + "".join(_interface(message) for message in found)


def _is_record(value: Any) -> bool:
    """Whether a type is told as an object: a TypedDict, or the fields of a named tuple by their names."""
    return is_typeddict(value) or (inspect.isclass(value) and issubclass(value, tuple) and hasattr(value, "_fields"))


def _interface(message: type) -> str:
    hints = get_type_hints(message, include_extras=True)
    fields = []
    for name, hint in hints.items():
        optional = get_origin(hint) is NotRequired
        fields.append(_field(f"{name}{'?' if optional else ''}", _type(get_args(hint)[0] if optional else hint)))
    said = " ".join(inspect.getdoc(message).split())
    return f"\n/** {said} */\nexport interface {message.__name__} {{\n{''.join(fields)}}}\n"


def _field(name: str, kind: str) -> str:
    """As the formatter of the page's scripts has it: a choice that is too long for a line has a line for each."""
    line = f"  {name}: {kind};\n"
    return line if len(line) <= LINE else f"  {name}:{''.join(f'{NEXT}{one}' for one in kind.split(' | '))};\n"


def _type(hint: Any) -> str:
    if hint in PLAIN:
        return PLAIN[hint]
    if _is_record(hint):
        return hint.__name__
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join("true" if value is True else f'"{value}"' for value in inside)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(_type, inside)))
    if origin is list or inside[1:] == (...,):
        union = get_origin(inside[0]) in (Union, types.UnionType, Literal)
        return f"({_type(inside[0])})[]" if union else f"{_type(inside[0])}[]"
    if origin is tuple:
        return f"[{', '.join(map(_type, inside))}]"
    if origin is dict:
        return f"Record<string, {_type(inside[1])}>"
    raise TypeError(f"{hint} has no type of TypeScript here: add it.")


if __name__ == "__main__":
    OUT.write_text(typescript(), "utf-8")
