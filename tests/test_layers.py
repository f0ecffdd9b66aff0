"""Imports go one way: dashboard → explain → model; and what is not done anywhere."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {"model": {"explain", "dashboard"}, "explain": {"dashboard"}}


def imports(path: Path) -> set[str]:
    """The top-level packages a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_lies_below_it(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    assert {f.name: bad for f in files if (bad := imports(f) & FORBIDDEN[package])} == {}


def test_pillow_decodes_only_what_this_project_wrote():
    """Why not more, `model.inputs.jpeg` says."""
    files = [path for package in ("dashboard", "explain", "model") for path in (ROOT / package).rglob("*.py")]
    opening = {str(f.relative_to(ROOT)) for f in files if "Image.open(" in f.read_text(encoding="utf-8")}
    assert opening == {"model/feedback/films.py"}  # the store's copies of pixels


def test_the_folders_of_data_hold_no_python():
    assert not list((ROOT / "assets").rglob("*.py"))
