"""What is not done anywhere. Which room may import which, import-linter holds (pyproject.toml)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_pillow_decodes_only_what_this_project_wrote():
    """Why not more, `model.inputs.jpeg` says."""
    files = [path for package in ("dashboard", "explain", "model") for path in (ROOT / package).rglob("*.py")]
    opening = {str(f.relative_to(ROOT)) for f in files if "Image.open(" in f.read_text(encoding="utf-8")}
    assert opening == {"model/feedback/films.py"}  # the store's copies of pixels


def test_the_folders_of_data_hold_no_python():
    assert not list((ROOT / "assets").rglob("*.py"))
