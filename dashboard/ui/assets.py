"""The files of assets/ that the page is made of, read once."""

from functools import cache

from model.storage.paths import ASSETS


@cache
def css() -> str:
    """Every style sheet, in the order of their names."""
    return "\n".join(p.read_text("utf-8") for p in sorted((ASSETS / "css").glob("*.css")))


@cache
def widgets_js() -> dict[str, str]:
    """What each widget runs when it appears, by its name."""
    return {p.stem: p.read_text("utf-8") for p in sorted((ASSETS / "js").glob("*.js"))}


@cache
def library_js() -> str:
    """What all widgets share. `core` comes first: it makes the name the others add to."""
    files = sorted((ASSETS / "js" / "lib").glob("*.js"), key=lambda p: (p.stem != "core", p.stem))
    return "\n".join(p.read_text("utf-8") for p in files)
