"""Where the embedded demo lies."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
DEMO_STUDIES = ASSETS / "demo"
DEMO_CHECKPOINT = ASSETS / "checkpoint"
