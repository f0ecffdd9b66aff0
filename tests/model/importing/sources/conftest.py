"""Films of made-up studies, and a source imported into a table."""

from pathlib import Path

import pytest
from helpers import chest, dicom
from PIL import Image

from model.importing.import_studies import import_studies
from model.importing.report import ImportReport
from model.importing.sources import sources


@pytest.fixture
def write_film():
    """Write a film as its suffix says."""

    def write(path: Path, seed: int, **elements) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".dcm":
            path.write_bytes(dicom(chest(seed), **elements))
        else:
            Image.fromarray(chest(seed)).save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))
        return path

    return write


@pytest.fixture
def imported():
    """Import a source by its name."""

    def run(name: str, path: Path, reports: Path | None = None, out: Path | None = None, **options) -> ImportReport:
        source = sources()[name].open_source(path, reports)
        return import_studies(source, out or source.folder, **options)

    return run
