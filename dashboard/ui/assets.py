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
    return {name: text for name, text in _scripts().items() if not _is_shared(text)}


@cache
def library_js() -> str:
    """What all widgets share. `core` comes first: it makes the name the others add to."""
    shared = {name: text for name, text in _scripts().items() if _is_shared(text)}
    return "\n".join(shared[name] for name in sorted(shared, key=lambda name: (name != "core", name)))


def _scripts() -> dict[str, str]:
    return {p.stem: p.read_text("utf-8") for p in sorted((ASSETS / "js").rglob("*.js"))}


def _is_shared(script: str) -> bool:
    """Whether it is a function that runs at once, and no widget."""
    return "(() => {" in script.splitlines()
