"""What the generated pages are written with."""

import inspect
from collections.abc import Iterable
from typing import Any


def code(value: Any) -> str:
    """A value as code; the empty text in words, as there is no code of it."""
    shown = list(value) if isinstance(value, tuple) else value
    return f"`{shown}`" if shown != "" else "empty"


def prose(text: str | None) -> str:
    """A docstring or help text as Markdown: a line break within a paragraph says nothing, and lists keep theirs."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(p if p.startswith("* ") else " ".join(p.split()) for p in paragraphs)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; a bar in a cell is no border, and a cell is one line. "" where there are no rows."""
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    heads = list(heads)
    if not lines:
        return ""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))


def between(low: float | None, high: float | None) -> str:
    """Bounds in words; "" where there are none."""
    if low == high:
        return "" if low is None else _number(low)
    if high is None:
        return f"at least {_number(low)}"
    return f"at most {_number(high)}" if low is None else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,}" if abs(value) >= 1000 else f"{value:g}"
