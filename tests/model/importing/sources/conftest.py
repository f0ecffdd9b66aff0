"""Films of made-up studies, and a source imported into a table."""

from pathlib import Path

import numpy as np
import pytest
from helpers import dicom
from PIL import Image

from model.importing.import_studies import import_studies
from model.importing.report import ImportReport
from model.importing.sources import sources


def pixels(seed: int) -> np.ndarray:
    """A picture like no other."""
    return np.random.default_rng(seed).integers(0, 255, (40, 40), np.uint8)


@pytest.fixture
def write_film():
    """Write a film as its suffix says."""

    def write(path: Path, seed: int, **elements) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".dcm":
            path.write_bytes(dicom(pixels(seed), **elements))
        else:
            Image.fromarray(pixels(seed)).save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))
        return path

    return write


@pytest.fixture
def imported():
    """Import a source by its name."""

    def run(name: str, path: Path, reports: Path | None = None, out: Path | None = None, **options) -> ImportReport:
        source = sources()[name].open_source(path, reports)
        return import_studies(source, out or source.folder, **options)

    return run
