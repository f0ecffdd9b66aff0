"""Findings, drawn into a chest in three dimensions.

Each edit changes the attenuation inside the box of one lung and nothing else. A beam's line integral is additive,
so what a finding adds to a film is the projection of the change: milliseconds, where projecting a whole edited CT
takes seconds. Enlarged hearts and hyperinflated lungs are other anatomies (`model.studies.demo.anatomy`), not edits.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from model.studies.demo.reports import SITES, Statement
from model.studies.demo.volume import DEPTH_MM, MM, Anatomy

FLUID, TISSUE, CALCIUM, AIR = 1.015, 1.05, 1.9, 0.0  # attenuation relative to water
_DEGREE = {"borderline": 0.1, "small": 0.25, "mild": 0.25, "": 0.5, "moderate": 0.65, "large": 1.0, "severe": 1.0}
_SPACING = np.array([MM, DEPTH_MM, MM], dtype=np.float32)


class Lung(NamedTuple):
    """One lung, or a part of it, while findings are drawn into it: arrays (row, depth, column) over its box."""

    side: str
    attenuation: np.ndarray  # changed in place
    share: np.ndarray  # aerated share of each voxel
    lower: np.ndarray  # share of the lower lobe
    middle: np.ndarray  # share of the right middle lobe
    height: np.ndarray  # mm below the top of the lung, (rows, 1, 1)
    across: np.ndarray  # 0 at its back to 1 at its front, (1, depth, 1)
    outward: np.ndarray  # 0 at the mediastinum to 1 at the chest wall, (1, 1, columns)
    dome: float  # mm from the top of the lung to the top of its half of the diaphragm
    width: float  # mm

    def part(self, rows: slice, depth: slice = slice(None), columns: slice = slice(None)) -> "Lung":
        """The same lung seen through a smaller box: views, so drawing into it draws into the whole."""
        slices = rows, depth, columns
        return self._replace(
            attenuation=self.attenuation[slices],
            share=self.share[slices],
            lower=self.lower[slices],
            middle=self.middle[slices],
            height=self.height[rows],
            across=self.across[:, depth],
            outward=self.outward[:, :, columns],
        )

    def around(self, centre: np.ndarray, radii_mm: tuple[float, float, float]) -> tuple["Lung", np.ndarray]:
        """The part within `radii_mm` of a voxel, and each voxel's distance from it in units of the radii."""
        slices, axes = [], []
        for length, middle, mm, radius in zip(self.share.shape, centre, _SPACING, radii_mm, strict=True):
            reach = 1.6 * radius / mm + 2
            slices.append(slice(max(int(middle - reach), 0), min(int(middle + reach) + 1, length)))
            axes.append(((np.arange(length, dtype=np.float32)[slices[-1]] - middle) * mm / radius) ** 2)
        return self.part(*slices), np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :])


def open_lung(chest: Anatomy, side: str) -> Lung:
    """A copy of one lung of a chest, to be drawn into."""
    box = chest.boxes[side]
    share = chest.lung(side)
    rows, depth, columns = (np.linspace(0, 1, n, dtype=np.float32) for n in share.shape)
    columns = columns if side == "left" else columns[::-1]
    return Lung(
        side, chest.attenuation[box].copy(), share, chest.lower[box], chest.middle[box],
        rows[:, None, None] * len(rows) * MM, depth[None, :, None], columns[None, None, :],
        (chest.floors[side][0] - box[0].start) * MM, len(columns) * MM,
    )  # fmt: skip


def degree(statement: Statement, rng: np.random.Generator) -> float:
    """Extent between 0 and 1: what the report's code says, and some chance around it."""
    return float(np.clip(_DEGREE[statement.severity] + rng.uniform(-0.12, 0.18), 0.05, 1))


def _fill(lung: Lung, share: np.ndarray, attenuation: float) -> None:
    """Put a substance in place of that share of what is aerated; walls and vessels stay."""
    airy = _unit((0.95 - lung.attenuation) / 0.45)
    lung.attenuation[:] += share * airy * (attenuation - lung.attenuation)


def _unit(values: np.ndarray) -> np.ndarray:
    """Held within 0 to 1."""
    return np.clip(values, 0, 1)


def _soft(distance: np.ndarray, edge_mm: float) -> np.ndarray:
    """1 where a distance is well below zero, 0 where well above."""
    return _unit(0.5 - distance / edge_mm)


@lru_cache(maxsize=8)
def _noise(grain_mm: float) -> np.ndarray:
    """Periodic smooth noise of unit variance whose blobs are about `grain_mm` wide."""
    shape = (256, 80, 256)
    white = np.random.default_rng(int(grain_mm * 10)).normal(size=shape)
    waves = [np.fft.fftfreq(n, mm) for n, mm in zip(shape[:2], _SPACING, strict=False)] + [
        np.fft.rfftfreq(shape[2], MM)
    ]
    square = waves[0][:, None, None] ** 2 + waves[1][None, :, None] ** 2 + waves[2][None, None, :] ** 2
    smooth = np.fft.irfftn(np.fft.rfftn(white) * np.exp(-square * (grain_mm * 1.6) ** 2), s=shape, axes=(0, 1, 2))
    return (smooth / smooth.std()).astype(np.float32)


def _texture(shape: tuple[int, ...], grain_mm: float, rng: np.random.Generator) -> np.ndarray:
    """A random piece of that noise."""
    noise = _noise(grain_mm)
    at = [(np.arange(n) + rng.integers(m)) % m for n, m in zip(shape, noise.shape, strict=True)]
    return noise[np.ix_(*at)]


def _zone(lung: Lung, site: str) -> np.ndarray:
    """Where in the lung a site is, 0 to 1: a lobe, or a zone of the film above the dome of the diaphragm."""
    height = lung.height / lung.dome
    if site == "middle lobe" and lung.side == "right":
        return lung.middle * _soft(height - 1.05, 0.1)
    if site == "lower lobe":
        return lung.lower * _soft(0.5 - height, 0.15) * _soft(height - 1.1, 0.1)
    if site == "apex":
        return lung.share * _soft(height - 0.3, 0.1)
    if site == "upper lobe":
        return lung.share * (1 - lung.lower) * _soft(height - 0.62, 0.1)
    if site in ("lingula", "middle lobe"):
        return lung.share * _soft(abs(height - 0.85) - 0.2, 0.08) * _unit((lung.across - 0.45) / 0.15)
    if site == "hilum":
        away = ((height - 0.62) / 0.22) ** 2 + ((lung.across - 0.5) / 0.3) ** 2 + ((lung.outward - 0.25) / 0.22) ** 2
        return lung.share * _soft(np.sqrt(away) - 1, 0.6)
    return lung.share * _soft(0.74 - height, 0.12) * _soft(height - 1.08, 0.1)  # the base


def _somewhere(statement: Statement, rng: np.random.Generator, among: tuple[str, ...]) -> str:
    return statement.site if statement.site in SITES else str(rng.choice(among))


def _place(lung: Lung, site: str, rng: np.random.Generator, margin: float = 0.05, open_air: float = 0.25) -> np.ndarray:
    """A random voxel well inside a zone, as (row, depth, column).

    `open_air` is the least thickness of lung that the beam passes there, as a share of the largest: what lies behind
    the heart or below the dome hardly shows on a film.
    """
    steps = (4, 2, 4)
    coarse = lung.part(*(slice(None, None, step) for step in steps))
    clear = (coarse.share > 0.95) & (coarse.outward > margin) & (coarse.attenuation < 0.6)
    thickness = coarse.share.sum(axis=1, keepdims=True)
    score = _zone(coarse, site) * clear * (thickness > open_air * thickness.max())
    inside = np.flatnonzero(score > 0.6)
    found = rng.choice(inside) if len(inside) else int(score.argmax())
    return np.array(np.unravel_index(found, score.shape)) * steps


def _nodule(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    # Granulomas at the upper end of what is seen: a smaller one is less than a cell of the demo model's map.
    calcified = "calcified" in statement.traits
    if "mass" in statement.traits:
        diameter = rng.uniform(28, 45)
    elif calcified:
        diameter = rng.uniform(13, 20)
    else:
        diameter = rng.uniform(18, 32) * (0.8 if statement.severity == "small" else 1)
    site = _somewhere(statement, rng, ("upper lobe", "lower lobe", "base", "lingula"))
    for _ in range(int(rng.integers(2, 5)) if "multiple" in statement.traits else 1):
        radius = diameter * rng.uniform(0.85, 1.1) / 2
        spot, away = lung.around(
            _place(lung, site, rng, margin=0.3, open_air=0.6), tuple(radius * rng.uniform(0.88, 1.14, 3))
        )
        _fill(spot, _soft((away - 1) * radius, 1.6), CALCIUM * rng.uniform(1.0, 1.3) if calcified else TISSUE)


def _opacity(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    extent = degree(statement, rng)
    site = _somewhere(statement, rng, ("base", "lower lobe", "upper lobe", "hilum"))
    size = 26 + 24 * extent
    for _ in range(1 + int(rng.random() < 0.35 + 0.3 * ("patchy" in statement.traits))):
        part, away = lung.around(_place(lung, site, rng), (size * 0.85, size * 1.6, size))
        coarse, fine = (_texture(part.share.shape, grain, rng) for grain in (14, 4.5))
        if statement.traits & {"streaky", "interstitial"}:
            fill = _unit(0.42 + 0.3 * coarse + 0.34 * fine)
        else:
            fill = _unit(0.72 + 0.3 * coarse + 0.14 * fine)
        within = _unit(part.share * (0.35 + 1.3 * _zone(part, site)))  # borders are softer than a lobe's
        _fill(part, (0.7 + 0.3 * extent) * _soft(away - 0.95 - 0.3 * coarse, 0.7) * fill * within, TISSUE)


def _atelectasis(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    extent = degree(statement, rng)
    rise = (10 + 16 * extent) * np.exp(-(((lung.outward - 0.5) / 0.45) ** 2) - ((lung.across - 0.55) / 0.45) ** 2)
    low = lung.part(slice(int(0.6 * lung.dome / MM), None))
    # the dome of the diaphragm comes up into the lost volume
    _fill(
        low,
        _unit(low.share * 1.5) * _soft(_floor(low) - rise * _soft(low.dome - 14 - _floor(low), 12) - low.height, 3),
        TISSUE,
    )
    site = statement.site if statement.site in ("upper lobe", "middle lobe", "lingula", "apex", "hilum") else "base"
    for _ in range(2 + int(extent * 3)):
        centre = _place(lung, site, rng, margin=0.15)
        part, away = lung.around(centre, (26, rng.uniform(35, 60), rng.uniform(20, 40)))
        slope, tilt = rng.uniform(-0.45, 0.45), rng.uniform(-0.12, 0.12)
        plane = (
            part.height - lung.height[centre[0]] - slope * lung.width * (part.outward - lung.outward[..., centre[2]])
        )
        plane = (
            plane - tilt * 180 * (part.across - lung.across[0, centre[1]]) + 1.2 * _texture(part.share.shape, 14, rng)
        )
        thickness = rng.uniform(2.5, 5.5)
        _fill(part, 0.9 * _soft(abs(plane) - thickness / 2, 2) * _soft(away - 1, 0.5) * part.share, TISSUE)


def _floor(lung: Lung) -> np.ndarray:
    """Height (mm below the top of the lung) of the lung's lower surface, (1, depth, columns)."""
    airy = lung.share > 0.5
    lowest = airy.shape[0] - 1 - airy[::-1].argmax(axis=0)
    return np.where(airy.any(axis=0), lung.height[lowest, 0, 0], 1e3).astype(np.float32)[None]


def _effusion(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    extent = degree(statement, rng)
    level = lung.dome + 22 - 72 * extent**1.2
    # fluid climbs between lung and wall, so its upper border fades and rises to the side
    rim = np.clip(np.sqrt((1.7 * lung.outward - 0.7).clip(0) ** 2 * 0.9 + (1.9 * lung.across - 0.95) ** 2), 0, 1.1)
    climb = (26 + 36 * extent) * rim**3
    low = lung.part(slice(max(int((level - 80) / MM), 0), None))
    wave = 2.0 * _texture((1, *low.share.shape[1:]), 30, rng)
    _fill(low, _soft(level - climb + wave - low.height, 6) * _unit(low.share * 1.6), FLUID)


def _pneumothorax(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    extent = max(degree(statement, rng), 0.25)
    apical = 1 - _unit(lung.height / (lung.dome * (0.75 + 0.45 * extent)))
    lateral = _unit((lung.outward - 0.1) / 0.45)
    width = (9 + 34 * extent) * _unit(1.3 * apical) * lateral * (1 + 0.08 * _texture((len(apical), 1, 1), 60, rng))
    beyond = _rim(lung) - width
    inside = _unit(lung.share * 2 - 0.4) * _unit(width / 3 - 0.3)
    freed = _soft(beyond, 1.2) * inside
    lung.attenuation[:] *= 1 - freed * _unit((1.0 - lung.attenuation) / 0.3)
    left = (1 - freed) * lung.share  # what is left of the lung holds its blood in less room
    lung.attenuation[:] += (0.15 + 0.5 * extent) * left * lung.attenuation * (lung.attenuation < 0.8)
    _fill(lung, 0.11 * _soft(abs(beyond - 0.7) - 0.7, 0.8) * inside, TISSUE)  # visceral pleura


def _rim(lung: Lung) -> np.ndarray:
    """Distance (mm) from the chest wall and the apex as a film shows it, (row, 1, column)."""
    from scipy.ndimage import distance_transform_edt

    shadow = lung.share.max(axis=1) > 0.5
    shadow = np.maximum.accumulate(shadow, axis=0)  # the diaphragm is no chest wall
    shadow = np.pad(shadow, ((1, 60), (1, 1)), mode="edge")
    shadow[0] = shadow[:, 0] = shadow[:, -1] = False
    return np.asarray(distance_transform_edt(shadow))[1:-60, None, 1:-1].astype(np.float32) * MM


def _edema(lung: Lung, statement: Statement, rng: np.random.Generator) -> None:
    extent = degree(statement, rng)
    height = lung.height / lung.dome
    wing = np.sqrt(
        ((height - 0.66) / 0.42) ** 2 + ((lung.outward - 0.22) / 0.52) ** 2 + ((lung.across - 0.5) / 0.6) ** 2
    )
    wing = _soft(wing - 0.75, 0.9) * lung.share
    patch, mesh = _texture(lung.share.shape, 14, rng), _texture(lung.share.shape, 4.5, rng)
    haze = _unit(0.24 + 0.24 * extent + 0.12 * patch + 0.12 * mesh)
    vessels = _unit((lung.attenuation - 0.22) / 0.25) * (0.45 + 0.4 * extent)
    _fill(lung, _unit(wing * (haze + vessels)), TISSUE)
    kerley = _unit((lung.outward - 0.75) / 0.12) * _soft(abs(height - 0.9) - 0.16, 0.06)
    lines = _soft(abs((lung.height + 2 * patch) % 7 - 3.5) - 0.5, 0.8)
    _fill(lung, (0.15 + 0.25 * extent) * kerley * lines * lung.share, TISSUE)


# How each finding is drawn, as one lung shows it, in place; in the order in which they are drawn.
DRAW = {
    "Edema": _edema,
    "Lung Opacity": _opacity,
    "Atelectasis": _atelectasis,
    "Nodule": _nodule,
    "Effusion": _effusion,
    "Pneumothorax": _pneumothorax,
}
