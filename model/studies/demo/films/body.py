"""Bends the one chest into many: build, breath, heart, pose, and smooth chance."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import zoom

from model.studies.demo.films.source import CENTRE, DOMES, HEART

# The knots at which displacements are worked out, (rows, depth, columns), and how far they reach from CENTRE.
KNOTS = (26, 10, 26)
HALF_MM = (215.0, 140.0, 215.0)


class Body(NamedTuple):
    """How one anatomy differs from the CT. Lengths in mm, angles in degrees, scales relative to the CT."""

    seed: int  # of the smooth chance
    width: float
    height: float
    depth: float
    girth: float  # what lies outside the ribs
    breath: tuple[float, float]  # how far the right and the left dome of the diaphragm go down
    heart: float  # its width; 1 gives a cardiothoracic ratio of about ½
    apex: float  # how far the heart's apex is turned up, -1 to 1
    turn: float  # about the spine
    tip: float  # forward
    curve: float  # of the spine to one side
    lucency: float  # what is left of vessels and tissue in the lungs
    distance: float  # from the tube to the middle of the chest; negative: the beam enters at the front


HEALTHY_HEART = (0.66, 0.95)
ENLARGED_HEART = (1.02, 1.5)


def draw_body(seed: int, cardiomegaly: float = 0.0, emphysema: float = 0.0) -> Body:
    """An anatomy. The same seed gives the same person with and without findings.

    Args:
        cardiomegaly: severity from 0 (none; above it, just visible) to 1.
        emphysema: likewise.
    """
    rng = np.random.default_rng([71, seed])
    portable = rng.random() < 0.35
    breath = float(rng.uniform(-8, 30) - 12 * portable)
    lean = float(rng.normal(0, 4))
    heart = float(rng.uniform(*HEALTHY_HEART))
    height, lucency = float(rng.normal(0.95, 0.055)), float(rng.uniform(0.85, 1.2))
    body = Body(
        seed=seed,
        width=float(np.clip(rng.normal(1.07, 0.08), 0.88, 1.26)),
        height=height,
        depth=float(np.clip(rng.normal(1, 0.1), 0.78, 1.25)),
        girth=float(rng.gamma(2.0, 0.13) - 0.06),
        breath=(breath + lean, breath - lean + float(rng.normal(0, 5))),
        heart=heart,
        apex=float(rng.uniform(-1, 1)),
        turn=float(rng.normal(0, 3.5)),
        tip=float(rng.normal(0, 5) - 5 * portable),
        curve=float(rng.normal(0, 5)),
        lucency=lucency,
        distance=float(-rng.uniform(900, 1200) if portable else rng.uniform(1500, 1900)),
    )
    if cardiomegaly:
        low, high = ENLARGED_HEART
        body = body._replace(heart=low + (high - low) * cardiomegaly * (0.85 + 0.15 * (heart - 0.66) / 0.29))
    if emphysema:
        down = 10 + 26 * emphysema
        body = body._replace(
            breath=(max(body.breath[0], 8) + down, max(body.breath[1], 8) + down),
            height=height * (1.01 + 0.09 * emphysema),
            lucency=lucency * (0.94 - 0.4 * emphysema),
            heart=body.heart if cardiomegaly else body.heart * (1 - 0.1 * emphysema),
            depth=body.depth * (1 + 0.12 * emphysema),
        )
    return body


def origins(body: Body) -> Float[np.ndarray, "rows depth columns 3"]:
    """For each knot of the bent chest, the point of the CT that it shows: (row, depth, column) in mm."""
    rng = np.random.default_rng([73, body.seed])
    row, back, column = np.meshgrid(
        *(np.linspace(-h, h, n) for h, n in zip(HALF_MM, KNOTS, strict=True)), indexing="ij"
    )
    turn, tip = np.deg2rad(body.turn), np.deg2rad(body.tip)
    row, back = row * np.cos(tip) + back * np.sin(tip), back * np.cos(tip) - row * np.sin(tip)
    column, back = column * np.cos(turn) - back * np.sin(turn), back * np.cos(turn) + column * np.sin(turn)
    column = column - body.curve * np.sin(row / 90)
    # The shell outside the ribs grows more than what is within.
    across, deep = column / body.width, back / body.depth
    radius = np.sqrt((across / 150) ** 2 + (deep / 115) ** 2)
    shell = np.clip(radius - 0.93, 0, None) / np.maximum(radius, 1e-6)
    shrink = 1 - shell * (1 - 1 / (1 + 2.2 * max(body.girth, -0.25)))
    point = np.stack([row / body.height + CENTRE[0], deep * shrink + CENTRE[1], across * shrink + CENTRE[2]], axis=-1)
    point += _chance(rng, 4.5, (6, 4, 6)) + _chance(rng, 7, (3, 3, 3))
    _breathe(point, body.breath)
    _scale_heart(point, body.heart, body.apex)
    return point.astype(np.float32)


def _chance(rng: np.random.Generator, mm: float, knots: tuple[int, int, int]) -> np.ndarray:
    """A smooth random displacement."""
    coarse = rng.normal(0, mm, (3, *knots))
    factors = [n / k for n, k in zip(KNOTS, knots, strict=True)]
    return np.stack([zoom(c, factors, order=2, mode="nearest", grid_mode=True) for c in coarse], axis=-1)


def _breathe(point: np.ndarray, down: tuple[float, float]) -> None:
    """Lower the domes: each voxel shows what lay higher up, most so at the top of a dome."""
    for dome, fall in zip(DOMES, down, strict=True):
        away = ((point[..., 0] - dome[0] - fall / 2) / 50) ** 2
        away += ((point[..., 1] - dome[1]) / 85) ** 2 + ((point[..., 2] - dome[2]) / 58) ** 2
        point[..., 0] -= fall * np.exp(-away / 2)


def _scale_heart(point: np.ndarray, scale: float, apex: float) -> None:
    """Widen the heart about its centre; the spine behind it stays."""
    away = [point[..., axis] - HEART[axis] for axis in range(3)]
    radius = np.sqrt((away[0] / 56) ** 2 + (away[1] / 60) ** 2 + (away[2] / 66) ** 2)
    near = 1 / (1 + np.exp((radius - 1.25 * max(scale, 1)) / 0.16))
    near *= 1 / (1 + np.exp(-(away[1] + 50) / 8))  # not behind the heart
    point[..., 2] -= near * away[2] * (1 - 1 / scale)
    point[..., 0] -= near * (away[0] * (1 - 1 / scale**0.4) - 0.14 * apex * np.clip(away[2], 0, 60))
