"""Which version this is, and on what it runs."""

from functools import cache
from importlib import metadata

LISTED_PACKAGES = ("gradio", "torch", "torchvision", "transformers", "timm", "pydicom", "plotly", "numpy")


@cache
def app_version() -> str:
    """The installed version of BetaLens."""
    try:
        return metadata.version("betalens")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0+unknown"


def versions() -> dict[str, str]:
    """Name to version, of BetaLens and what it stands on."""
    return {"betalens": app_version()} | {name: metadata.version(name) for name in LISTED_PACKAGES}
