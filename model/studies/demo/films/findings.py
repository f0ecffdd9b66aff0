"""Findings, drawn into a projected chest by extent and contrast.

A beam's line integral is additive: what a finding adds to a film is the air that it fills, summed along the rays.
Enlarged hearts and hyperinflated lungs are other anatomies (`body.py`); what is here knows them by their shadow alone.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import distance_transform_edt, gaussian_filter

from model.studies.demo.films.lungs import LOWER, OPEN_MM, SIDES, Lung, open_lung, soft, texture
from model.studies.demo.films.projection import PIXEL_MM, SLAB_MM, Chest

FLUID, TISSUE = 1.015, 1.05  # attenuation relative to water
SITES = ("apex", "upper lobe", "middle lobe", "lower lobe", "lingula", "hilum", "base")
_MEAN_SITES = ("upper lobe", "lower lobe", "base", "hilum", "middle lobe")
ANATOMY = ("Cardiomegaly", "Emphysema")


class Finding(NamedTuple):
    """What is to be seen on a film.

    Attributes:
        name: one of the eight findings.
        side: "left", "right", or "" for both lungs.
        site: one of `SITES`; "" where chance decides.
        extent: how much of the lung it takes, 0 to 1; of an anatomy, its severity.
        contrast: how dense it is, 0 to 1; at 0 it is not to be seen.
        traits: "calcified", "mass", "multiple", "streaky", "interstitial", "patchy", ... as codes of reports say it.
    """

    name: str
    side: str = ""
    site: str = ""
    extent: float = 0.5
    contrast: float = 0.7
    traits: frozenset[str] = frozenset()


def draw(
    chest: Chest, findings: Iterable[Finding], rng: np.random.Generator
) -> dict[str, Float[np.ndarray, "side side"]]:
    """Draw findings into a chest, in place.

    Returns:
        Of each finding by name where it is to be seen, over the plane of projection: mm of water that it adds or takes;
        of an anatomy, of the heart or of the air in the lungs.
    """
    lungs = {side: open_lung(chest, side) for side in SIDES}
    order = list(DRAW)
    shadows: dict[str, np.ndarray] = {}
    for finding in sorted(findings, key=lambda f: order.index(f.name) if f.name in DRAW else -1):
        shadow = shadows.setdefault(finding.name, np.zeros_like(chest.soft))
        if finding.name == "Cardiomegaly":
            shadow += np.minimum(chest.heart, 60)
        elif finding.name == "Emphysema":
            shadow += np.clip(chest.air.sum(axis=0) - 20, 0, 60)
        else:
            for side in (finding.side,) if finding.side else SIDES:
                lung = lungs[side]
                shadow[lung.box] += DRAW[finding.name](lung, finding, rng)
    return shadows


def _zone(lung: Lung, site: str) -> np.ndarray:
    """Where in the lung a site is, 0 to 1, (slabs, h, w) or broadcastable to it."""
    height, across = lung.height[None], lung.across
    if site == "middle lobe" and lung.side == "right":
        return (lung.lobe == 2) * soft(height - 1.05, 0.1)
    if site == "lower lobe":
        return (lung.lobe == LOWER[lung.side]) * soft(0.45 - height, 0.2)
    if site == "apex":
        return soft(height - 0.3, 0.1) + 0 * across
    if site == "upper lobe":
        return (lung.lobe != LOWER[lung.side]) * soft(height - 0.62, 0.15)
    if site in ("lingula", "middle lobe"):
        return soft(abs(height - 0.85) - 0.2, 0.1) * np.clip((across - 0.45) / 0.15, 0, 1)
    if site == "hilum":
        away = ((height - 0.6) / 0.22) ** 2 + ((across - 0.5) / 0.3) ** 2 + ((lung.outward[None] - 0.25) / 0.22) ** 2
        return soft(np.sqrt(away) - 1, 0.6)
    return soft(0.74 - height, 0.14) * soft(height - 1.08, 0.1) + 0 * across  # the base


def _place(lung: Lung, site: str, rng: np.random.Generator, least: float = 0.25) -> tuple[int, int, int]:
    """A random (slab, row, column) within a zone whose ray meets at least a share of the most air: what lies behind the
    heart or below the dome hardly shows."""
    at = np.s_[:, ::4, ::4]
    coarse = lung.air[at]
    open_ = coarse.sum(axis=0)
    score = np.broadcast_to(_zone(lung, site), lung.air.shape)[at] * (coarse > 0.5 * SLAB_MM)
    inside = np.flatnonzero(score * (open_ > least * open_.max()) > 0.5)
    if not len(inside):
        inside = np.flatnonzero((coarse > 0.3 * SLAB_MM) & (open_ > least * open_.max()))
    slab, row, column = np.unravel_index(rng.choice(inside), score.shape)
    return int(slab), int(row) * 4, int(column) * 4


def _away(lung: Lung, centre: tuple[int, int, int], radii_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance of each voxel from one, in units of the radii (depth, row, column)."""
    axes = [
        ((np.arange(n, dtype=np.float32) - c) * mm / r) ** 2
        for n, c, mm, r in zip(lung.air.shape, centre, (SLAB_MM, PIXEL_MM, PIXEL_MM), radii_mm, strict=True)
    ]
    return np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :])


def _site(finding: Finding, rng: np.random.Generator) -> str:
    return finding.site if finding.site in SITES else str(rng.choice(_MEAN_SITES))


def _nodule(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Balls whose chord along the ray is known: they need no voxels."""
    calcified = "calcified" in finding.traits
    low, high = (28, 48) if "mass" in finding.traits else (6, 15) if calcified else (9, 27)
    count = int(rng.integers(2, 6)) if "multiple" in finding.traits else 1
    added = np.zeros_like(lung.soft)
    for _ in range(count):
        slab, row, column = _place(lung, _site(finding, rng), rng, least=0.5)
        radius = (low + (high - low) * finding.extent) * rng.uniform(0.85, 1.1) / 2
        y = (np.arange(lung.soft.shape[0], dtype=np.float32) - row)[:, None] * PIXEL_MM
        x = (np.arange(lung.soft.shape[1], dtype=np.float32) - column)[None] * PIXEL_MM
        tilt, stretch = rng.uniform(0, np.pi), rng.uniform(0.85, 1.18)
        u, v = (x * np.cos(tilt) + y * np.sin(tilt)) * stretch, (y * np.cos(tilt) - x * np.sin(tilt)) / stretch
        angle = np.arctan2(v, u)
        rim = sum(rng.normal(0, 0.06) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
        from_rim = np.hypot(u, v) / (radius * (1 + rim))
        chord = 2 * radius * np.sqrt(np.clip(1 - from_rim**2, 0, None))
        ground = soft(from_rim - 1.25, 0.8) * 2 * radius * rng.uniform(0, 0.12)  # a halo
        free = np.clip(lung.air[max(slab - 1, 0) : slab + 2].mean(axis=0) / SLAB_MM, 0, 1)
        density = rng.uniform(1.3, 2.0) if calcified else TISSUE
        added += (chord + ground) * (free - 1 + density) * (free > 0.05) * finding.contrast
    added = gaussian_filter(added, 0.5)
    lung.soft[:] += added
    return added


def _opacity(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Lobar, patchy, hazy or reticular: what pneumonias look like."""
    kinds = {"lobar": 0.2, "patchy": 0.4, "hazy": 0.25, "reticular": 0.15}
    kind = str(rng.choice(list(kinds), p=list(kinds.values())))
    kind = "reticular" if finding.traits & {"streaky", "interstitial"} else kind
    site = _site(finding, rng)
    coarse, middle, fine = (texture(lung.air.shape, grain, rng) for grain in (16, 8, 4))
    if kind == "lobar":
        slab, row, column = _place(lung, site, rng)
        lobe = lung.lobe[slab, row, column] or LOWER[lung.side]
        level = rng.uniform(-0.3, 0.3)
        within = (lung.lobe == lobe) * soft(
            0.75 - 0.8 * finding.extent + level - lung.height[None] + 0.06 * coarse, 0.3
        )
        fill = within * np.clip(0.75 + 0.2 * coarse, 0, 1)
    else:
        fill = np.zeros_like(lung.air)
        count = 1 + int(rng.poisson((0.4 if kind == "hazy" else 1.2) + 2.0 * finding.extent))
        for _ in range(count):
            size = rng.uniform(14, 30) + (34 if kind == "hazy" else 20) * finding.extent
            away = _away(lung, _place(lung, site, rng), (size * 1.3, size * rng.uniform(0.7, 1.2), size))
            fill = np.maximum(fill, soft(away - 0.9 - 0.3 * coarse, 0.9))
            site = finding.site if rng.random() < 0.4 else str(rng.choice(_MEAN_SITES))
        if kind == "hazy":
            fill *= np.clip(0.4 + 0.12 * middle, 0, 1)
        elif kind == "reticular":
            fill *= np.clip(0.2 + 0.25 * soft(abs(middle) - 0.2, 0.3) + 0.35 * soft(abs(fine) - 0.25, 0.3), 0, 1)
        else:
            fill *= np.clip(0.62 + 0.25 * coarse + 0.12 * fine, 0, 1)
    return lung.fill(finding.contrast * fill, TISSUE)


def _atelectasis(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Plates across the lower lung and a raised dome, or the wedge of a collapsed lower lobe."""
    height, outward = lung.height[None], lung.outward[None]
    added = np.zeros_like(lung.soft)
    if finding.extent > 0.6 and rng.random() < 0.4:
        edge = outward - (0.12 + 0.5 * (finding.extent - 0.3) * np.clip(height - 0.35, 0, 1))
        wedge = soft(edge, 0.08) * soft(0.4 - height, 0.15) * soft(lung.across - 0.6, 0.25)
        added += lung.fill(0.9 * finding.contrast * wedge, TISSUE)
    rise = (0.05 + 0.14 * finding.extent) * np.exp(-(((outward - 0.5) / 0.4) ** 2) - ((lung.across - 0.55) / 0.5) ** 2)
    added += lung.fill(finding.contrast * soft(1.03 - rise - height, 0.05) * soft(height - 1.06, 0.06), TISSUE)
    among = finding.site if finding.site in SITES else "base"
    for _ in range(1 + int(rng.integers(0, 2) + 2 * finding.extent)):
        centre = _place(lung, among, rng)
        away = _away(lung, centre, (rng.uniform(30, 60), 26, rng.uniform(16, 24) + 20 * finding.extent))
        slope, tilt = rng.uniform(-0.5, 0.5), rng.uniform(-0.1, 0.1)
        rows = (np.arange(lung.air.shape[1]) - centre[1])[None, :, None] * PIXEL_MM
        columns = (np.arange(lung.air.shape[2]) - centre[2])[None, None, :] * PIXEL_MM
        slabs = (np.arange(lung.air.shape[0]) - centre[0])[:, None, None] * SLAB_MM
        plane = rows - slope * columns - tilt * slabs + 1.5 * texture(lung.air.shape, 16, rng)
        thickness = rng.uniform(1.5, 3) + 3 * finding.extent
        band = soft(abs(plane) - thickness / 2, 3.5) * soft(away - 1, 0.7)
        added += lung.fill(0.85 * finding.contrast * band, TISSUE)
    return added


def _effusion(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Fluid that climbs between lung and wall, or, of somebody who lies, a veil that is densest at the back."""
    height, outward = lung.height[None], lung.outward[None]
    if rng.random() < 0.2:
        veil = soft(lung.across - 0.25 - 0.5 * finding.extent * np.clip(height, 0.2, 1.1), 0.3)
        veil = veil * np.clip(height * 1.2, 0, 1) * np.ones_like(outward)
        return lung.fill((0.25 + 0.65 * finding.extent) * finding.contrast * veil, FLUID)
    level = 1.0 + (20 - 78 * finding.extent**1.2) / lung.dome_mm
    rim = np.sqrt(np.clip(1.7 * outward - 0.7, 0, None) ** 2 * 0.9 + (1.4 * lung.across - 0.7) ** 2)
    climb = (24 + 36 * finding.extent) / lung.dome_mm * np.clip(rim, 0, 1.1) ** 3
    wave = 0.012 * texture((1, *lung.air.shape[1:]), 16, rng)
    return lung.fill((0.55 + 0.45 * finding.contrast) * soft(level - climb + wave - height, 0.05), FLUID)


def _pneumothorax(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Air between the wall and a lung that has drawn back; only the air is the finding."""
    shadow = np.maximum.accumulate(lung.open > OPEN_MM, axis=0)  # the diaphragm is no chest wall
    shadow = np.pad(shadow, ((1, 60), (1, 1)), mode="edge")
    shadow[0] = shadow[:, 0] = shadow[:, -1] = False
    rim = np.asarray(distance_transform_edt(shadow))[1:-60, 1:-1].astype(np.float32) * PIXEL_MM
    apical = 1 - np.clip(lung.height / (0.7 + 0.6 * finding.extent), 0, 1)
    lateral = np.clip((lung.outward - 0.1) / 0.4, 0, 1)
    wave = 1 + 0.1 * texture((1, len(lung.height), 1), 16, rng)[0]
    width = (7 + 42 * finding.extent) * np.clip(1.3 * apical, 0, 1) * lateral * wave
    inside = np.clip(lung.open / 40, 0, 1) * np.clip(width / 3 - 0.3, 0, 1)
    freed = soft(rim - width, 1.5) * inside
    # Where the air is in front of lung that still touches the wall behind, markings shine through.
    freed *= 0.55 + 0.45 * finding.contrast
    taken = freed * lung.tissue
    pleura = (0.6 + 1.6 * finding.contrast) * soft(abs(rim - width) - 0.8, 1.2) * inside
    collapsed = (0.06 + 0.5 * finding.extent) * (1 - freed) * lung.tissue * soft(width - rim, 4)
    lung.soft[:] += pleura + collapsed * np.clip(width.max() / 40, 0, 1) - taken
    lung.tissue[:] -= taken
    return np.where(freed > 0.3, freed * 10, 0)


def _edema(lung: Lung, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Haze like wings around the hila, wide vessels, septal lines at the base's wall."""
    height, outward = lung.height[None], lung.outward[None]
    reach = rng.uniform(0.8, 1.2) * (0.8 + 0.5 * finding.extent)
    wing = np.sqrt(((height - 0.62) / 0.42) ** 2 + ((outward - 0.2) / 0.5) ** 2 + ((lung.across - 0.5) / 0.6) ** 2)
    patch, mesh = texture(lung.air.shape, 16, rng), texture(lung.air.shape, 4, rng)
    haze = np.clip(0.12 + 0.38 * finding.extent + 0.1 * patch + 0.1 * mesh, 0, 1)
    added = lung.fill(finding.contrast * soft(wing - reach, 0.9) * haze, TISSUE)
    vessels = np.clip(lung.tissue - gaussian_filter(lung.tissue, 9), 0, None)
    swollen = (
        gaussian_filter(vessels, 1.2) * (0.7 + 1.3 * finding.extent) * finding.contrast * soft(wing.min(0) - 1.3, 1)
    )
    lines = soft(abs((lung.height * lung.dome_mm + 3 * patch.mean(0)) % 8 - 4) - 0.5, 1.0)
    kerley = lines * np.clip((lung.outward - 0.72) / 0.15, 0, 1) * soft(abs(lung.height - 0.85) - 0.16, 0.1)
    kerley = kerley * np.clip(lung.open / 60, 0, 1) * 3.5 * finding.contrast * (0.3 + finding.extent)
    lung.soft[:] += swollen + kerley
    return added + swollen + kerley


# How each finding is drawn into one lung, in the order in which they are drawn; returns where, mm of water.
DRAW = {
    "Edema": _edema,
    "Lung Opacity": _opacity,
    "Atelectasis": _atelectasis,
    "Nodule": _nodule,
    "Effusion": _effusion,
    "Pneumothorax": _pneumothorax,
}
