"""The files of assets/ that the page is made of, read once."""

import re
from functools import cache
from pathlib import PurePosixPath

from model.storage.paths import ASSETS


@cache
def css() -> str:
    """Every style sheet, in the order of their names."""
    return "\n".join(p.read_text("utf-8") for p in sorted((ASSETS / "css").glob("*.css")))


@cache
def modules() -> dict[str, str]:
    """The text of every module in assets/js, by its path there, as in "lib/dom.js"."""
    folder = ASSETS / "js"
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*.js"))}


@cache
def widgets() -> dict[str, str]:
    """The path of each widget's module, by the widget's name. It is a module that exports `mount`; its file has the
    widget's name."""
    found = [path for path, text in modules().items() if re.search(r"^export const mount\b", text, re.MULTILINE)]
    return {PurePosixPath(path).stem: path for path in found}
