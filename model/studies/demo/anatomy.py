"""Bends the one CT into many chests: width, inspiration, size of the heart, pose, and smooth chance."""

from functools import cache

import numpy as np
import torch
from torch.nn.functional import grid_sample, interpolate

from model.studies.demo.volume import DEPTH_MM, MM, PLANE, Anatomy, Build, source

SOURCE_MM = (2.5 * 132 / (399 - 1), 0.703125 * 4, 0.703125)  # row, depth, column
CENTRE = (150.0, 176.0, 182.0)  # of the thorax, in mm from the first voxel of the source
HEART = (165.0, 202.0, 207.0)
# tops of the right and of the left hemidiaphragm, and their shares of a breath: the right one lies high in this CT
DOMES = (((172.0, 190.0, 122.0), 1.0), ((203.0, 190.0, 245.0), 0.6))
BODY_MM = (50.0, 320.0)  # from the skin of the back to that of the front
_KNOT = 4  # displacements are smooth: worked out at every fourth voxel, interpolated between


def bend(build: Build) -> Anatomy:
    """The anatomy that a build describes; the same build gives the same anatomy."""
    rng = np.random.default_rng([7, build.seed])
    tissue, masks, names = fields()
    extent = (np.array(tissue.shape[2:]) - 1) * SOURCE_MM
    point = 2 * _where_from(build, rng) / extent - 1
    knots = torch.from_numpy(point[..., ::-1].copy()).float().permute(3, 0, 1, 2)[None]
    size = (PLANE, int((BODY_MM[1] - BODY_MM[0]) / DEPTH_MM), PLANE)

    def sample(field: torch.Tensor, at: tuple[int, ...]) -> torch.Tensor:
        lookup = interpolate(knots, size=at, mode="trilinear", align_corners=True).permute(0, 2, 3, 4, 1)
        return grid_sample(field, lookup, padding_mode="border", align_corners=True)

    # masks are smooth: half the resolution says as much, in a quarter of the time
    smooth = sample(masks, (size[0] // 2, size[1], size[2] // 2))
    smooth = interpolate(smooth, size=size, mode="trilinear", align_corners=True)[0].numpy()
    chest = dict(zip(names, smooth, strict=True)) | {"attenuation": sample(tissue, size)[0, 0].numpy()}
    if build.lucency < 1:
        lungs = np.clip(chest["right"] + chest["left"], 0, 1)
        chest["attenuation"] *= 1 - (1 - build.lucency) * lungs * (chest["attenuation"] < 0.9)
    return Anatomy(**chest)


@cache
def fields() -> tuple[torch.Tensor, torch.Tensor, tuple[str, ...]]:
    """The CT's tissue, its masks and their names. What was loaded before a fork is shared by the processes."""
    fields = {name: torch.from_numpy(np.ascontiguousarray(field)) for name, field in source().items()}
    tissue = fields.pop("attenuation")[None, None]
    return tissue, torch.stack(list(fields.values()))[None], tuple(fields)


def _where_from(build: Build, rng: np.random.Generator) -> np.ndarray:
    """For each knot of the new chest, the point of the CT (mm) that it shows."""
    half = PLANE / 2 * MM
    axes = [np.linspace(-half, half - MM, PLANE // _KNOT), np.linspace(*BODY_MM, 24) - CENTRE[1]]
    row, back, column = np.meshgrid(*axes, axes[0], indexing="ij", copy=False)
    turn, tip = np.deg2rad(rng.uniform(-4, 4)), np.deg2rad(rng.uniform(-4, 4))
    height, width = rng.uniform(0.95, 1.05) * build.inflation, rng.uniform(0.93, 1.08)
    point = np.stack(
        [
            (row + np.sin(tip) * back) / height + CENTRE[0],
            back - np.sin(tip) * row + np.sin(turn) * column + CENTRE[1],
            (column - np.sin(turn) * back) / width + CENTRE[2],
        ],
        axis=-1,
    )
    point += _chance(rng, point.shape[:3])
    _breathe(point, build.inspiration, rng)
    _scale_heart(point, build.heart)
    return point


def _chance(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A smooth random displacement of about 3 mm."""
    knots = torch.from_numpy(rng.normal(0, 4.0, (1, 3, 6, 4, 6)))
    return interpolate(knots, size=shape, mode="trilinear", align_corners=True)[0].permute(1, 2, 3, 0).numpy()


def _breathe(point: np.ndarray, down: float, rng: np.random.Generator) -> None:
    """Lower the domes: each voxel shows what lay higher up, most so at the top of a dome."""
    for dome, part in DOMES:
        fall = down * part * rng.uniform(0.8, 1.1)
        away = ((point[..., 0] - dome[0] - fall / 2) / 46) ** 2
        away += ((point[..., 1] - dome[1]) / 85) ** 2 + ((point[..., 2] - dome[2]) / 58) ** 2
        point[..., 0] -= fall * np.exp(-away / 2)


def _scale_heart(point: np.ndarray, scale: float) -> None:
    """Widen the heart about its centre; the spine behind it stays."""
    away = [point[..., axis] - HEART[axis] for axis in range(3)]
    radius = np.sqrt((away[0] / 56) ** 2 + (away[1] / 60) ** 2 + (away[2] / 66) ** 2)
    near = 1 / (1 + np.exp((radius - 1.25 * max(scale, 1)) / 0.16))
    near *= 1 / (1 + np.exp(-(away[1] + 50) / 8))  # not behind the heart
    point[..., 2] -= near * away[2] * (1 - 1 / scale)
    point[..., 0] -= near * away[0] * (1 - 1 / scale**0.4)
