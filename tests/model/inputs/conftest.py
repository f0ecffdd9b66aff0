"""An independent program that shows DICOM files."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def dcmtk(tmp_path_factory):
    """What DCMTK shows of a file, in [0, 1]."""
    program = shutil.which("dcmj2pnm") or shutil.which("dcm2img")
    if not program:
        pytest.skip("DCMTK is not installed: apt-get install dcmtk")
    folder = tmp_path_factory.mktemp("dcmtk")

    def show(data: bytes, *options: str) -> np.ndarray:
        (folder / "film.dcm").write_bytes(data)
        subprocess.run(
            [program, "-O", "+F", "1", "+on2", *options, folder / "film.dcm", folder / "film.png"],
            check=True, capture_output=True,
        )  # fmt: skip
        picture = np.asarray(Image.open(io.BytesIO((folder / "film.png").read_bytes())))
        # Pillow keeps 8 bits of a colour.
        return picture / 65535 if picture.ndim == 2 else picture[..., :3] @ [0.299, 0.587, 0.114] / 255

    return show
