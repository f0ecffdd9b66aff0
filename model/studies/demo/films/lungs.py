"""One lung of a projected chest, as findings are drawn into it: its box, its landmarks, and its air."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from model.studies.demo.films.projection import PIXEL_MM, SLAB_MM, SLABS, Chest
from model.studies.demo.films.source import LOWER_LEFT, LOWER_RIGHT, MIDDLE_RIGHT, UPPER_LEFT, UPPER_RIGHT

SIDES = ("right", "left")
LOBES = {"right": (UPPER_RIGHT, MIDDLE_RIGHT, LOWER_RIGHT), "left": (UPPER_LEFT, LOWER_LEFT)}
LOWER = {"right": LOWER_RIGHT, "left": LOWER_LEFT}
OPEN_MM = 15.0  # of air along a ray, from which on a pixel is seen as lung
_NOISE_SIDE = 256


class Lung(NamedTuple):
    """A lung within its box (rows, columns) of the plane; arrays are views, drawing changes the chest.

    Attributes:
        soft: the line integral, mm of water.
        air: what filling would add, mm of water, by slab from back to front.
        lobe: see `Chest`.
        tissue: of the lung along the ray, mm of water.
        height: 0 at the top of the lung, 1 at the top of the diaphragm's dome, above 1 in the recess behind it.
        outward: 0 at the mediastinum, 1 at the chest wall.
        across: 0 at the back, 1 at the front, by slab.
        dome_mm: from the top of the lung to the top of the dome.
    """

    side: str
    box: tuple[slice, slice]
    soft: Float[np.ndarray, "h w"]
    air: Float[np.ndarray, "slabs h w"]
    lobe: UInt8[np.ndarray, "slabs h w"]
    tissue: Float[np.ndarray, "h w"]
    height: Float[np.ndarray, "h 1"]
    outward: Float[np.ndarray, "1 w"]
    across: Float[np.ndarray, "slabs 1 1"]
    dome_mm: float

    @property
    def open(self) -> Float[np.ndarray, "h w"]:
        """Air along each ray, mm of water."""
        return self.air.sum(axis=0)

    def fill(self, share: Float[np.ndarray, "slabs h w"], density: float = 1.05) -> Float[np.ndarray, "h w"]:
        """Put a substance in place of that share (0 to 1) of the air.

        Args:
            density: attenuation relative to water.

        Returns:
            What it adds to each ray, mm of water.
        """
        filled = share * self.air
        self.air[:] -= filled
        added = filled.sum(axis=0) * density
        self.soft[:] += added
        return added


def open_lung(chest: Chest, side: str) -> Lung:
    """One lung of a chest."""
    codes = LOBES[side]
    inside = (chest.lobe >= codes[0]) & (chest.lobe <= codes[-1])
    air = np.where(inside, chest.air, 0).sum(axis=0)
    seen = air > OPEN_MM
    rows, columns = np.flatnonzero(seen.sum(axis=1) > 4), np.flatnonzero(seen.sum(axis=0) > 4)
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    dome = _dome_row(air[box], side)
    h, w = seen[box].shape
    outward = np.linspace(0, 1, w, dtype=np.float32)
    slabs = np.flatnonzero(inside[:, box[0], box[1]].any(axis=(1, 2)))
    across = (np.arange(SLABS, dtype=np.float32) - slabs[0]) / max(slabs[-1] - slabs[0], 1)
    return Lung(
        side=side,
        box=box,
        soft=chest.soft[box],
        air=chest.air[:, box[0], box[1]],
        lobe=chest.lobe[:, box[0], box[1]],
        tissue=chest.lung[box],
        height=(np.arange(h, dtype=np.float32) / dome)[:, None],
        outward=(outward if side == "left" else outward[::-1])[None],
        across=across[:, None, None],
        dome_mm=dome * PIXEL_MM,
    )


def _dome_row(air: np.ndarray, side: str) -> int:
    """The row of the box at which, over the middle of a half of the diaphragm, most of the air ends."""
    w = air.shape[1]
    middle = slice(int(0.3 * w), int(0.65 * w)) if side == "left" else slice(int(0.35 * w), int(0.7 * w))
    column = np.median(air[:, middle], axis=1)
    return int(np.flatnonzero(column > 0.5 * column.max())[-1]) + 1


def soft(distance: np.ndarray, edge: float) -> np.ndarray:
    """1 where a distance is well below zero, 0 where well above; `edge` is the width of the border."""
    return np.clip(0.5 - distance / edge, 0, 1)


@lru_cache(maxsize=8)
def _noise(grain_mm: float) -> np.ndarray:
    white = np.random.default_rng(int(grain_mm * 10)).normal(size=(SLABS, _NOISE_SIDE, _NOISE_SIDE))
    grain = grain_mm / PIXEL_MM
    smooth = gaussian_filter(white, (grain_mm / SLAB_MM, grain, grain), mode="wrap")
    return (smooth / smooth.std()).astype(np.float32)


def texture(shape: tuple[int, ...], grain_mm: float, rng: np.random.Generator) -> np.ndarray:
    """A random piece of smooth noise of unit variance, (slabs, h, w), whose blobs are about `grain_mm` wide."""
    noise = _noise(grain_mm)
    at = [(np.arange(n) + rng.integers(m)) % m for n, m in zip(shape, noise.shape, strict=True)]
    return noise[np.ix_(*at)]
