"""From line integrals to a film: pose, exposure, grain, the look of digital radiography. Build time only."""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, zoom
from torch.nn.functional import grid_sample, interpolate

from model.studies.demo.volume import PLANE, Anatomy

_CT_ABOVE_APEX = 17  # rows: the CT ends a little above the lungs


class Pose(NamedTuple):
    """Where each pixel of a film lies on the plane of projection: (1, size, size, 2) for `grid_sample`."""

    lookup: torch.Tensor

    def take(self, plane: np.ndarray, mode: str = "bilinear") -> np.ndarray:
        """What the film shows of a plane of projection."""
        field = torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32))[None, None]
        return grid_sample(field, self.lookup, mode=mode, padding_mode="border", align_corners=False)[0, 0].numpy()


def pose(chest: Anatomy, size: int, rng: np.random.Generator) -> Pose:
    """Frame the thorax with small margins, at a slight angle, with a slight smooth distortion."""
    boxes = chest.boxes.values()
    top, bottom = min(b[0].start for b in boxes), max(chest.floors[side][1] for side in chest.boxes) + 8
    first, last = min(b[2].start for b in boxes), max(b[2].stop for b in boxes)
    side = max(bottom - top, last - first) * rng.uniform(1.0, 1.09)
    centre = np.array([(first + last) / 2, (top + bottom) / 2 - 2]) + rng.normal(0, 4, 2)
    centre[1] = max(centre[1], top - _CT_ABOVE_APEX + side / 2)
    angle = np.deg2rad(rng.normal(0, 1.6))
    across = torch.linspace(-0.5, 0.5, size) * side
    y, x = torch.meshgrid(across, across, indexing="ij")
    turned = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    bent = torch.from_numpy(rng.normal(0, 2.2, (1, 2, 5, 5)).astype(np.float32))
    bent = interpolate(bent, size=(size, size), mode="bicubic", align_corners=True)[0]
    at = torch.stack([turned[0] + centre[0], turned[1] + centre[1]]) + bent
    return Pose(((at + 0.5) / PLANE * 2 - 1).permute(1, 2, 0)[None].float())


def develop(integral: np.ndarray, where: Pose, rng: np.random.Generator) -> np.ndarray:
    """Line integrals in mm of water to a film, uint8 (size, size), bone white."""
    depth = where.take(integral, "bicubic")
    size = depth.shape[0]
    pixel = size / 320
    # A wide blur, of an eighth of the pixels.
    small = gaussian_filter(depth[::8, ::8], 30 * pixel / 8, mode="nearest")
    flat = zoom(small, [n / m for n, m in zip(depth.shape, small.shape, strict=True)], order=1)
    shown = depth - rng.uniform(0.32, 0.5) * np.asarray(flat)
    shown += rng.uniform(0.5, 1.0) * (depth - gaussian_filter(depth, 1.6 * pixel))
    shown += rng.uniform(0.35, 0.6) * (depth - gaussian_filter(depth, 6 * pixel))
    shown += _grain(depth, rng)
    low, high = np.percentile(shown[::2, size // 8 : -size // 8 : 2], [rng.uniform(0.3, 1.5), rng.uniform(86, 92)])
    light = np.clip((shown - low) / (high - low), 0, None)
    grey = 1 - np.exp(
        -rng.uniform(1.25, 1.9) * light ** rng.uniform(1.0, 1.3)
    )  # a film's shoulder: spine short of white
    grey = rng.uniform(0.02, 0.12) + rng.uniform(0.82, 0.95) * grey
    if rng.random() < 0.3:
        grey = gaussian_filter(grey, rng.uniform(0.4, 0.7) * pixel)
    film = (np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return _mark(film, rng) if rng.random() < 0.35 else film


def _grain(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Quantum noise: fewer photons behind more tissue, so more grain there. In mm of water."""
    noise = rng.normal(size=depth.shape).astype(np.float32)
    noise = 0.6 * noise + 1.2 * gaussian_filter(noise, 0.9)
    return noise * rng.uniform(0.35, 1.0) * np.exp((depth - depth.mean()) / 220)


def _mark(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A side marker of lead, in a corner."""
    size = film.shape[0]
    side = "L" if rng.random() < 0.6 else "R"
    picture = Image.fromarray(film)
    column = size * (rng.uniform(0.9, 0.94) if side == "L" else rng.uniform(0.03, 0.06))
    at = (int(column), int(size * rng.uniform(0.03, 0.12)))
    font = ImageFont.load_default(size=int(size * rng.uniform(0.04, 0.055)))
    ImageDraw.Draw(picture).text(at, side, fill=int(rng.uniform(215, 250)), font=font)
    return np.asarray(picture)
