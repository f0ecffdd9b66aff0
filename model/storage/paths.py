"""Where the files of assets/ lie, the embedded demo among them."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"
DEMO_STUDIES = ASSETS / "demo"
DEMO_CHECKPOINT = ASSETS / "checkpoint"
